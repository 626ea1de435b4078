import type { LoggerProvider, MeterProvider, TracerProvider } from "@opentelemetry/api";
import { withoutMeter } from "../globals.ts";
import type { Adaptor, Services } from "./adaptor.ts";
import { withCleanErrors } from "./clean-errors.ts";
import { feedHooks } from "./require-hook.ts";
import { rememberOwn } from "./method.ts";

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
        join(
          withoutMeter(() => create(services.options)),
          services,
        );
        isCreated = true;
      }
      const name = file.isMain ? file.package : `${file.package}/${file.file}`;
      return feedHooks(exports, name, file.directory || undefined);
    },
  };
}

/** Gives it our providers, and sees to it that what it patches can be taken back. */
export function join(instrumentation: Upstream, services: Services): void {
  instrumentation.setTracerProvider(withCleanErrors(services.tracerProvider));
  instrumentation.setMeterProvider(services.meterProvider);
  instrumentation.setLoggerProvider?.(services.loggerProvider);
  const patcher = instrumentation as Partial<Patcher>;
  const { _wrap: wrap } = patcher;
  if (wrap === undefined) return;
  patcher._wrap = (target, name, wrapper) => {
    // Upstream would say so on stderr.
    if (typeof target[name] !== "function") return undefined;
    rememberOwn(target, name);
    return wrap(target, name, wrapper);
  };
}

/** How upstream's `InstrumentationBase` patches; protected in its types. */
interface Patcher {
  _wrap(target: Record<string, unknown>, name: string, wrapper: unknown): unknown;
}
