/** The global object that all copies of one Sentry version share. */
export type SentryCarrier = Record<string, unknown>;

/** The used part of a Sentry client of any version from 8 on. */
export interface AppSentryClient {
  getDsn?(): { readonly publicKey?: string } | undefined;
  getTransport?(): { send(envelope: unknown): unknown } | undefined;
  on?(hook: string, listener: (...args: never[]) => void): unknown;
  emit?(hook: string, ...args: readonly unknown[]): void;
  captureCheckIn?(checkIn: object, config: object | undefined, scope: object): string;
  addEventProcessor?(processor: (event: object) => object): unknown;
  flush?(timeout?: number): PromiseLike<boolean>;
  getOptions?(): { readonly enabled?: boolean };
}

/** Clients that are not reported: telltale's own, and those already reported. */
const ignoredClients = new WeakSet<object>();

/** Marks a client as telltale's own. */
export function markOwnClient(client: object): void {
  ignoredClients.add(client);
}

export interface CarrierHandlers {
  /**
   * Loads telltale's client, at most once. Called before any copy of Sentry 11,
   * including telltale's, gets its carrier. Undefined if telltale sends no errors.
   */
  readonly load: (() => void) | undefined;
  /** Called when the app sets up Sentry itself, or has done so before. */
  readonly onClient: (client: AppSentryClient, carrier: SentryCarrier) => void;
  /** Called when a copy of Sentry that does not use telltale's client gets its first scope, without a client. */
  readonly onForeignScope?: ((scope: object, version: string) => void) | undefined;
}

const VERSION_11 = /^11\.\d/;
/** The scope outside all requests, on which `init` of every version sets its client. */
const CURRENT_SCOPE_KEY = "defaultCurrentScope";

/**
 * Watches for an app's own Sentry, and until there is one makes every copy of
 * `@sentry/core` 11 use telltale's client. Each copy looks for its scopes and its
 * client under `globalThis.__SENTRY__[version]`, the first releases of 8 under
 * `__SENTRY__` itself. So an app with another version of Sentry than telltale's would
 * find no client and capture nothing. Scopes and strategies are the same in 11.0 to
 * 11.12 (compared file by file), so one carrier serves all of them.
 */
export function watchCarriers({ load, onClient, onForeignScope }: CarrierHandlers): void {
  const existing = carriersIn(globalThis);
  const watched = new WeakSet<object>();
  // Each copy of Sentry sets its carrier again at every look-up.
  const watch = (carrier: unknown, version?: string): void => {
    if (typeof carrier !== "object" || carrier === null || watched.has(carrier)) return;
    watched.add(carrier);
    const onScope = (scope: object): void => {
      if (version !== undefined) onForeignScope?.(scope, version);
    };
    watchCarrier(carrier as SentryCarrier, { onClient, onScope });
  };
  const shared = load === undefined || hasClient(existing, isVersion11) ? undefined : {};
  watch(shared);
  // The first releases of 8.
  watch(existing, "8");
  for (const [key, carrier] of Object.entries(existing)) {
    if (isVersion(key)) watch(carrier, key);
  }
  const carriers = new Proxy(existing, {
    get(target, key, receiver) {
      if (shared === undefined || !isVersion11(key))
        return Reflect.get(target, key, receiver) as unknown;
      load?.();
      return shared;
    },
    set(target, key, value, receiver) {
      if (shared !== undefined && isVersion11(key)) return true;
      if (isVersion(key)) watch(value, key);
      return Reflect.set(target, key, value, receiver);
    },
  });
  // Not enumerable, so that the global does not appear in the app's loops.
  Object.defineProperty(globalThis, "__SENTRY__", {
    value: carriers,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

/** Returns whether the app has set up Sentry. */
export function hasAppClient(): boolean {
  return hasClient(carriersIn(globalThis), () => true);
}

type GlobalWithSentry = typeof globalThis & { __SENTRY__?: unknown };

function carriersIn(global: GlobalWithSentry): SentryCarrier {
  const existing = global.__SENTRY__;
  if (typeof existing === "object" && existing !== null) return existing as SentryCarrier;
  // The form of 8.0.
  return { extensions: {} };
}

function isVersion(key: string | symbol): key is string {
  return typeof key === "string" && /^\d/.test(key);
}

function isVersion11(key: string | symbol): boolean {
  return typeof key === "string" && VERSION_11.test(key);
}

function hasClient(carriers: SentryCarrier, matchesVersion: (version: string) => boolean): boolean {
  const versions = Object.entries(carriers).filter(([version]) => matchesVersion(version));
  return [carriers, ...versions.map(([, carrier]) => carrier)].some(
    (carrier) => clientIn(carrier as SentryCarrier) !== undefined,
  );
}

function clientIn(carrier: SentryCarrier | undefined): AppSentryClient | undefined {
  if (typeof carrier !== "object" || carrier === null) return undefined;
  return (carrier[CURRENT_SCOPE_KEY] as ScopeWithClient | undefined)?.getClient?.();
}

interface ScopeWithClient {
  getClient?: () => AppSentryClient | undefined;
  setClient?: (client: AppSentryClient | undefined) => void;
}

interface ScopeHandlers extends Pick<CarrierHandlers, "onClient"> {
  /** Called with the scope if it has no client. */
  readonly onScope: (scope: object) => void;
}

/** Watches for the creation of the scope, and for the client that is set on it. */
function watchCarrier(carrier: SentryCarrier, handlers: ScopeHandlers): void {
  const scope = carrier[CURRENT_SCOPE_KEY] as ScopeWithClient | undefined;
  if (scope !== undefined) {
    watchScope(scope, carrier, handlers);
    return;
  }
  Object.defineProperty(carrier, CURRENT_SCOPE_KEY, {
    configurable: true,
    enumerable: true,
    get: () => undefined,
    set(newScope: ScopeWithClient) {
      Object.defineProperty(carrier, CURRENT_SCOPE_KEY, {
        value: newScope,
        writable: true,
        configurable: true,
        enumerable: true,
      });
      watchScope(newScope, carrier, handlers);
    },
  });
}

/** Watches `setClient` of the scope, which every `init` calls. */
function watchScope(
  scope: ScopeWithClient,
  carrier: SentryCarrier,
  { onClient, onScope }: ScopeHandlers,
): void {
  const { setClient } = scope;
  const reportOnce = (client: AppSentryClient): void => {
    if (ignoredClients.has(client)) return;
    ignoredClients.add(client);
    onClient(client, carrier);
  };
  const existingClient = scope.getClient?.();
  if (existingClient === undefined) onScope(scope);
  else reportOnce(existingClient);
  if (setClient === undefined) return;
  const method = { configurable: true, writable: true, enumerable: false };
  Object.defineProperty(scope, "setClient", {
    ...method,
    value: (client: AppSentryClient | undefined) => {
      Reflect.apply(setClient, scope, [client]);
      if (client !== undefined) reportOnce(client);
    },
  });
}
