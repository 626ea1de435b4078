import type { Span, SpanContext } from "@opentelemetry/api";
import { isProcessSpan, processContext } from "../context/process/process-context.ts";
import { NonRecordingSpan } from "../traces/non-recording-span.ts";

const INVALID: SpanContext = {
  traceId: "00000000000000000000000000000000",
  spanId: "0000000000000000",
  traceFlags: 0,
};

/**
 * The remote span of the context that this thread was started in. It becomes invalid when that
 * context ends, in contexts that have captured it too, such as those of connections in a pool.
 */
export class ProcessSpan extends NonRecordingSpan {
  override spanContext(): SpanContext {
    const { span } = processContext();
    return isProcessSpan(span) ? super.spanContext() : INVALID;
  }
}

/** Returns the ids of a span that was extracted. */
export function processSpanOf(span: Span): ProcessSpan {
  return new ProcessSpan(span.spanContext());
}
