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
const ACCEPTED_BY_ALL = "1.999.0";

interface Globals {
  [API]?: Partial<ApiImplementations> & { readonly version?: string };
  [LOGS_API]?: unknown;
}

const globals = globalThis as Globals;

/** The version of the API through which another SDK has registered, if one has. */
export function foreignSdk(): string | undefined {
  const api = globals[API];
  if (api === undefined) return undefined;
  const taken = api.trace ?? api.metrics ?? api.logs ?? api.context ?? api.propagation;
  return taken === undefined ? undefined : (api.version ?? "unknown");
}

/**
 * Registers without the API's own functions: they would refuse a version that
 * is not theirs, and they would have to be loaded.
 */
export function registerApi(implementations: ApiImplementations): void {
  globals[API] = Object.defineProperty({ ...globals[API], ...implementations }, "version", {
    value: ACCEPTED_BY_ALL,
    enumerable: true,
  });
  globals[LOGS_API] ??= () => implementations.logs;
}
