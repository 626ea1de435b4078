/** Describes in one line what an app loses that does not initialize its Sentry. */
export function lostCapturesNotice(version: string): string {
  return `the app captures errors by Sentry ${version} without Sentry.init, so they are lost; call telltale's functions or those of @sentry/core 11, which share telltale's client`;
}

/** The used part of a scope of Sentry 8 and later. */
export interface CapturingScope {
  getClient?(): unknown;
  clone?(): CapturingScope;
}

const CAPTURES = ["captureException", "captureMessage", "captureEvent"] as const;

/**
 * Calls `onLost` when the app captures something by a Sentry that it has not initialized,
 * which drops it without a word. Watches the scope and its clones by accessors, which add
 * no frame to a stack, until the first capture or, for the scope itself, the first one after
 * the initialization.
 */
export function watchLostCaptures(scope: CapturingScope, onLost: () => void): void {
  let isReported = false;
  const isLost = (one: CapturingScope): boolean => !isReported && one.getClient?.() === undefined;
  const watch = (one: CapturingScope): void => {
    const unwatch = (): void => {
      for (const name of [...CAPTURES, "clone"]) Reflect.deleteProperty(one, name);
    };
    for (const name of CAPTURES) {
      watchProperty(one, name, (method) => {
        unwatch();
        if (isLost(one)) {
          isReported = true;
          onLost();
        }
        return method;
      });
    }
    watchProperty(one, "clone", (clone) => {
      if (isLost(one)) return () => watched(Reflect.apply(clone, one, []));
      unwatch();
      return clone;
    });
  };
  const watched = (clone: CapturingScope): CapturingScope => {
    watch(clone);
    return clone;
  };
  watch(scope);
}

type Method = (...args: never[]) => CapturingScope;

/** Passes a method through `onRead` at each access, until it is assigned or deleted. */
function watchProperty(object: object, name: string, onRead: (method: Method) => Method): void {
  const method = (object as Record<string, unknown>)[name];
  if (typeof method !== "function") return;
  Object.defineProperty(object, name, {
    configurable: true,
    enumerable: false,
    get: () => onRead(method as Method),
    set: (value: unknown) => {
      const assigned = { value, writable: true, enumerable: true, configurable: true };
      Object.defineProperty(object, name, assigned);
    },
  });
}
