/** All copies of Sentry 11 in this process share what hangs on this object. */
export type Carrier = Record<string, unknown>;

const ELEVEN = /^11\.\d/;

/**
 * Makes every copy of `@sentry/core` 11 meet ours. Each copy looks for its
 * scopes and its client under `globalThis.__SENTRY__[version]`, so that an app
 * whose Sentry has another version than ours would see no client and capture
 * nothing. Scopes and strategies are the same in 11.0 to 11.12 (compared file
 * by file), so one carrier serves all of them; keys of other majors are left
 * alone.
 *
 * @param load called before any copy sees the carrier, ours included: it loads
 * our client, at most once.
 * @returns false if a client of the app's is there already: then nothing was done.
 */
export function shareCarrier(load: () => void): boolean {
  const existing = carriersIn(globalThis);
  if (hasClient(existing)) return false;
  const shared: Carrier = {};
  const carriers = new Proxy(existing, {
    get(target, key, receiver) {
      if (!isEleven(key)) return Reflect.get(target, key, receiver) as unknown;
      load();
      return shared;
    },
    set(target, key, value, receiver) {
      return isEleven(key) || Reflect.set(target, key, value, receiver);
    },
  });
  // Not enumerable: a global that an app didn't make should not turn up in its loops.
  Object.defineProperty(globalThis, "__SENTRY__", {
    value: carriers,
    writable: true,
    configurable: true,
    enumerable: false,
  });
  return true;
}

type GlobalWithSentry = typeof globalThis & { __SENTRY__?: unknown };

function carriersIn(global: GlobalWithSentry): Carrier {
  const existing = global.__SENTRY__;
  return typeof existing === "object" && existing !== null ? (existing as Carrier) : {};
}

function isEleven(key: string | symbol): boolean {
  return typeof key === "string" && ELEVEN.test(key);
}

/** Whether a copy of Sentry 11 was initialised before us. */
function hasClient(carriers: Carrier): boolean {
  for (const [version, carrier] of Object.entries(carriers)) {
    if (!isEleven(version)) continue;
    const { defaultCurrentScope: scope } = carrier as { defaultCurrentScope?: ScopeWithClient };
    if (scope?.getClient?.() !== undefined) return true;
  }
  return false;
}

interface ScopeWithClient {
  getClient?: () => unknown;
}
