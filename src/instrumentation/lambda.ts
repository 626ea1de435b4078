import type { TracerProvider } from "@opentelemetry/api";
import { AwsLambdaInstrumentation } from "@opentelemetry/instrumentation-aws-lambda";
import type { Adaptor, Services } from "./adaptor.ts";
import { feedHooks } from "./require-hook.ts";
import { join } from "./upstream.ts";

/**
 * The handler of a function of AWS Lambda, by upstream's instrumentation. Which
 * file that is, it takes from the environment, as `lambda-handler.ts` does.
 * Lambda freezes the process as soon as the handler has answered: everything is
 * delivered before.
 */
export const adaptor: Adaptor = {
  patch(exports, file, services) {
    const tracerProvider = flushing(services);
    join(new AwsLambdaInstrumentation(services.options), { ...services, tracerProvider });
    return feedHooks(exports, `${file.directory}/${file.file}`, file.directory);
  },
};

/** Upstream delivers by the provider's `forceFlush`. */
function flushing({ tracerProvider, flush }: Services): TracerProvider & ForceFlush {
  return { getTracer: (...of) => tracerProvider.getTracer(...of), forceFlush: flush };
}

interface ForceFlush {
  forceFlush(): Promise<void>;
}
