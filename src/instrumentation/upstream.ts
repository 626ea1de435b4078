import type { MeterProvider, TracerProvider } from "@opentelemetry/api";
import type { Adaptor } from "./adaptor.ts";
import { feedHooks } from "./require-hook.ts";

/** What an adaptor needs of upstream's `Instrumentation`. */
interface Upstream {
  setTracerProvider(provider: TracerProvider): void;
  setMeterProvider(provider: MeterProvider): void;
}

/**
 * An adaptor from one of OpenTelemetry's own instrumentations. It patches as
 * it would behind `require-in-the-middle`, which is `require-hook.ts` in the
 * bundle.
 *
 * @param create is called when the library is loaded first
 */
export function upstreamAdaptor(create: () => Upstream): Adaptor {
  let isCreated = false;
  return {
    patch(exports, file, services) {
      if (!isCreated) {
        const instrumentation = create();
        instrumentation.setTracerProvider(services.tracerProvider);
        instrumentation.setMeterProvider(services.meterProvider);
        isCreated = true;
      }
      const name = file.isMain ? file.package : `${file.package}/${file.file}`;
      return feedHooks(exports, name, file.directory);
    },
  };
}
