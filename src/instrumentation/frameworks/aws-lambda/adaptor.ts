import { ROOT_CONTEXT, type Span, SpanKind, type TracerProvider } from "@opentelemetry/api";
import { AwsLambdaInstrumentation } from "@opentelemetry/instrumentation-aws-lambda";
import type { Adaptor, AdaptorDeps } from "../../loading/adaptor.ts";
import { runRequireHooks } from "../../upstream/require-hook.ts";
import { connectInstrumentation } from "../../upstream/upstream-adaptor.ts";

/**
 * Traces the handler of an AWS Lambda function by upstream's instrumentation,
 * which reads the handler's file from the environment, as `handler-file.ts` does.
 * Lambda freezes the process as soon as the handler has responded, so all
 * telemetry is exported before.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    const tracerProvider = flushableProvider(deps);
    const instrumentation = new AwsLambdaInstrumentation(deps.options);
    guardHooks(instrumentation, deps);
    connectInstrumentation(instrumentation, { ...deps, tracerProvider });
    return runRequireHooks(exports, `${file.directory}/${file.file}`, file.directory);
  },
};

/**
 * Replaces spans that upstream fails to describe by simpler ones. Its hooks throw
 * for events and contexts that are not those of AWS (no `invokedFunctionArn`, no
 * event), as in tests and emulators.
 */
function guardHooks(instrumentation: object, { tracerProvider, diagnostics }: AdaptorDeps): void {
  const start = (_event: unknown, context: unknown, _cold: unknown, parent: unknown): Span => {
    const { functionName } = Object(context) as { readonly functionName?: unknown };
    const name = typeof functionName === "string" ? functionName : "handler";
    const tracer = tracerProvider.getTracer("telltale/lambda");
    return tracer.startSpan(name, { kind: SpanKind.SERVER }, parent as typeof ROOT_CONTEXT);
  };
  const fallbacks: Readonly<Record<string, (...args: never[]) => unknown>> = {
    _determineParent: () => ROOT_CONTEXT,
    _createSpanForRequest: start,
    _startEventSourceSpans: () => [],
    _endSpan: (span: Span) => span.end(),
  };
  const methods = instrumentation as Record<string, (...args: unknown[]) => unknown>;
  for (const [name, fallback] of Object.entries(fallbacks)) {
    const original = methods[name];
    if (original === undefined) continue;
    methods[name] = function (...args) {
      try {
        return Reflect.apply(original, this, args);
      } catch (error) {
        diagnostics.debug("lambda", `an invocation is not described completely: ${String(error)}`);
        return Reflect.apply(fallback, undefined, args);
      }
    };
  }
}

/** Upstream exports telemetry with the provider's `forceFlush`. */
function flushableProvider({ tracerProvider, flush }: AdaptorDeps): TracerProvider & Flushable {
  return { getTracer: (...of) => tracerProvider.getTracer(...of), forceFlush: flush };
}

interface Flushable {
  forceFlush(): Promise<void>;
}
