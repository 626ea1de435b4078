import type { LoggerProvider, MeterProvider, TracerProvider } from "@opentelemetry/api";
import type { Adaptor, Services } from "./adaptor.ts";
import { feedHooks } from "./require-hook.ts";
import { onFailure } from "./undo.ts";

/** What an adaptor needs of upstream's `Instrumentation`. */
export interface Upstream {
  setTracerProvider(provider: TracerProvider): void;
  setMeterProvider(provider: MeterProvider): void;
  setLoggerProvider?(provider: LoggerProvider): void;
}

/**
 * An adaptor from one of OpenTelemetry's own instrumentations. It patches as
 * it would behind `require-in-the-middle`, which is `require-hook.ts` in the
 * bundle.
 *
 * @param create is called when the library is loaded first, with the options
 *   that the environment has for it
 */
export function upstreamAdaptor(create: (options: Services["options"]) => Upstream): Adaptor {
  let isCreated = false;
  return {
    patch(exports, file, services) {
      if (!isCreated) {
        join(create(services.options), services);
        isCreated = true;
      }
      const name = file.isMain ? file.package : `${file.package}/${file.file}`;
      return feedHooks(exports, name, file.directory);
    },
  };
}

/** Gives it our providers, and sees to it that what it patches can be taken back. */
export function join(instrumentation: Upstream, services: Services): void {
  instrumentation.setTracerProvider(services.tracerProvider);
  instrumentation.setMeterProvider(services.meterProvider);
  instrumentation.setLoggerProvider?.(services.loggerProvider);
  const patcher = instrumentation as Partial<Patcher>;
  const { _wrap: wrap, _unwrap: unwrap } = patcher;
  if (wrap === undefined || unwrap === undefined) return;
  patcher._wrap = (target, name, wrapper) => {
    const wrapped = wrap(target, name, wrapper);
    onFailure(() => unwrap(target, name));
    return wrapped;
  };
}

/** How upstream's `InstrumentationBase` patches; protected in its types. */
interface Patcher {
  _wrap(target: object, name: string, wrapper: unknown): unknown;
  _unwrap(target: object, name: string): unknown;
}
