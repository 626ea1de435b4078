import type {
  ContextManager,
  LoggerProvider,
  MeterProvider,
  TextMapPropagator,
  TracerProvider,
} from "@opentelemetry/api";

/** What we put behind `@opentelemetry/api`. */
export interface ApiImplementations {
  readonly trace: TracerProvider;
  readonly metrics: MeterProvider;
  readonly logs: LoggerProvider;
  readonly context: ContextManager;
  readonly propagation: TextMapPropagator;
}

/** Where every copy of `@opentelemetry/api` 1.x looks (its `internal/global-utils`). */
const API: unique symbol = Symbol.for("opentelemetry.js.api.1") as never;
/** Where `@opentelemetry/api-logs`, which the logs API was until 1.10, looks. */
const LOGS_API: unique symbol = Symbol.for("io.opentelemetry.js.api.logs") as never;

/**
 * A copy of the API takes a global of its own major version and of its own
 * minor or a later one (its `internal/semver`): this one is later than any that
 * an app will bring. What a later minor adds to the interfaces our objects lack,
 * as those of an older SDK would.
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

/** What we registered; not what `globals[API]` is, once another SDK has taken the API over. */
let ownApi: ApiObject = {};

/**
 * What the copy of the API in our bundle works with, in place of its own look at
 * the global object (`scripts/build/own-api.ts`): what upstream's
 * instrumentations and ours do stays ours, whoever has the API.
 */
export function getGlobal<Type extends keyof ApiImplementations>(type: Type): ApiObject[Type] {
  return ownApi[type];
}

/** Nothing in our bundle registers through the API. */
export function registerGlobal(): boolean {
  return false;
}

export function unregisterGlobal(): void {}

/** The version of the API through which another SDK has registered, if one has. */
export function registeredSdk(): string | undefined {
  const api = globals[API];
  if (api === undefined) return undefined;
  const registered = api.trace ?? api.metrics ?? api.logs ?? api.context ?? api.propagation;
  return registered === undefined ? undefined : (api.version ?? "unknown");
}

/**
 * Registers without the API's own functions: they would refuse a version that
 * is not theirs, and they would have to be loaded. What another SDK has
 * registered stays in its place.
 */
export function registerApi(implementations: ApiImplementations): void {
  const existing = globals[API];
  ownApi = withVersion(implementations);
  globals[API] = existing === undefined ? ownApi : withVersion({ ...ownApi, ...existing });
  globals[LOGS_API] ??= () => implementations.logs;
}

/**
 * Lets an SDK that is just being set up register its traces, context and
 * propagation as it would without us: a copy of the API takes no registration
 * where there is one, or one of another version. What it leaves alone stays ours;
 * and all of it does, if it registers nothing before the next microtask.
 *
 * @param onSettled called then, with what is registered if that is not ours.
 */
export function allowForeignRegistration(
  onSettled: (isRegistered: Partial<ApiImplementations> | undefined) => void,
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
      // An app that makes instruments right after its `init` finds our meters.
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
 * For upstream's constructors: they make their instruments at once, from whatever
 * is registered, and again with the provider they are then given: in our store,
 * that would be instruments of other kinds beside ours, and a complaint about each.
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
