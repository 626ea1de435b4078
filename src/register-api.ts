import type {
  ContextManager,
  LoggerProvider,
  MeterProvider,
  TextMapPropagator,
  TracerProvider,
} from "@opentelemetry/api";

/** The implementations that telltale registers with `@opentelemetry/api`. */
export interface ApiImplementations {
  readonly trace: TracerProvider;
  readonly metrics: MeterProvider;
  readonly logs: LoggerProvider;
  readonly context: ContextManager;
  readonly propagation: TextMapPropagator;
}

/** The global of every copy of `@opentelemetry/api` 1.x (its `internal/global-utils`). */
const API: unique symbol = Symbol.for("opentelemetry.js.api.1") as never;
/** The global of `@opentelemetry/api-logs`, which was the logs API until 1.10. */
const LOGS_API: unique symbol = Symbol.for("io.opentelemetry.js.api.logs") as never;

/**
 * A copy of the API accepts a global of the same major and of the same or a later minor
 * version (its `internal/semver`). This one is later than that of any app. Additions of
 * a later minor are missing from telltale's objects, as from those of an older SDK.
 */
const COMPATIBLE_VERSION = "1.999.0";

type ApiObject = { -readonly [Type in keyof ApiImplementations]?: ApiImplementations[Type] } & {
  readonly version?: string;
};

interface Globals {
  [API]?: ApiObject | undefined;
  [LOGS_API]?: unknown;
}

const globals = globalThis as Globals;

/** Telltale's own registration. `globals[API]` differs once another SDK has replaced it. */
let ownApi: ApiObject = {};

/**
 * Replaces the global lookup of the API's copy in telltale's bundle
 * (`scripts/build/own-api.ts`): bundled instrumentations use telltale's implementations
 * even if another SDK is registered.
 */
export function getGlobal<Type extends keyof ApiImplementations>(type: Type): ApiObject[Type] {
  return ownApi[type];
}

/** Refuses: no code in telltale's bundle registers through the API. */
export function registerGlobal(): boolean {
  return false;
}

export function unregisterGlobal(): void {}

/** Returns the API version of another registered SDK, or undefined without one. */
export function registeredSdk(): string | undefined {
  const api = globals[API];
  if (api === undefined) return undefined;
  const registered = api.trace ?? api.metrics ?? api.logs ?? api.context ?? api.propagation;
  return registered === undefined ? undefined : (api.version ?? "unknown");
}

/**
 * Registers without the API's own functions, which would have to be loaded and would
 * refuse another version. Implementations of another SDK stay registered.
 */
export function registerApi(implementations: ApiImplementations): void {
  const existing = globals[API];
  ownApi = withVersion(implementations);
  globals[API] = existing === undefined ? ownApi : withVersion({ ...ownApi, ...existing });
  globals[LOGS_API] ??= () => implementations.logs;
}

/**
 * Allows an SDK that is being set up to register traces, context and propagation as it
 * would without telltale: a copy of the API refuses a second registration, and one of
 * another version. Signals that it does not register stay telltale's, and all of them
 * do if it registers nothing before the next microtask.
 *
 * @param onSettled is called afterwards, with the SDK's registration if there is one.
 */
export function allowForeignRegistration(
  onSettled: (registration: Partial<ApiImplementations> | undefined) => void,
): void {
  if (globals[API] !== ownApi) {
    onSettled(hasForeignRegistration(globals[API]) ? globals[API] : undefined);
    return;
  }
  const { metrics, logs } = ownApi;
  const define = (descriptor: PropertyDescriptor): unknown =>
    Object.defineProperty(globalThis, API, { configurable: true, enumerable: true, ...descriptor });
  define({
    get: () => undefined,
    set(api: ApiObject) {
      // An app that creates instruments right after its `init` gets telltale's meters.
      define({ value: Object.assign(api, { metrics, logs }), writable: true });
    },
  });
  queueMicrotask(() => {
    const api = globals[API];
    const isRegistered = hasForeignRegistration(api);
    define({ value: isRegistered ? withVersion({ ...api }) : ownApi, writable: true });
    onSettled(isRegistered ? globals[API] : undefined);
  });
}

/**
 * Hides the meter provider while `create` runs. Constructors of upstream
 * instrumentations create their instruments from the registered provider, and again
 * from the provider that they receive later. In telltale's store the first ones would
 * conflict with its own instruments, with a warning about each.
 */
export function withoutMeterProvider<R>(create: () => R): R {
  const { metrics } = ownApi;
  delete ownApi.metrics;
  try {
    return create();
  } finally {
    if (metrics !== undefined) ownApi.metrics = metrics;
  }
}

function hasForeignRegistration(api: ApiObject | undefined): api is ApiObject {
  return api?.trace !== undefined || api?.context !== undefined || api?.propagation !== undefined;
}

function withVersion(implementations: Partial<ApiImplementations>): ApiObject {
  return Object.defineProperty({ ...implementations }, "version", {
    value: COMPATIBLE_VERSION,
    enumerable: true,
  });
}
