import type { LoggerProvider, MeterProvider, TracerProvider } from "@opentelemetry/api";

/*
 * `@opentelemetry/api` for `@opentelemetry/sdk-node` in the bundle: the build redirects
 * its import to this module (`scripts/build/sdk-packages.ts`). The SDK then registers its
 * providers here, of which telltale registers what the app sees, and logs nothing of
 * its own. It also keeps the API's globals out of the chunk that every process loads.
 */

/** What the SDK has registered. */
export interface RegisteredProviders {
  trace?: TracerProvider;
  metrics?: MeterProvider;
  logs?: LoggerProvider;
}

export const registered: RegisteredProviders = {};

const silent: Silent = () => {};

export const trace = {
  setGlobalTracerProvider(provider: TracerProvider): void {
    registered.trace = provider;
  },
};

export const metrics = {
  setGlobalMeterProvider(provider: MeterProvider): void {
    registered.metrics = provider;
  },
  getMeterProvider: (): MeterProvider | undefined => registered.metrics,
};

export const logs = {
  setGlobalLoggerProvider(provider: LoggerProvider): void {
    registered.logs = provider;
  },
};

type Silent = () => void;

export const context: { readonly setGlobalContextManager: Silent } = {
  setGlobalContextManager: silent,
};
export const propagation: { readonly setGlobalPropagator: Silent } = {
  setGlobalPropagator: silent,
};
export const diag: Readonly<
  Record<"setLogger" | "error" | "warn" | "info" | "debug" | "verbose", Silent>
> = {
  setLogger: silent,
  error: silent,
  warn: silent,
  info: silent,
  debug: silent,
  verbose: silent,
};
export const DiagConsoleLogger: typeof Object = Object;
export const DiagLogLevel: Readonly<Record<string, number>> = {};
