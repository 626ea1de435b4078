import type { Span } from "@opentelemetry/api";
import { isErrorObject } from "../context/thrown.ts";
import { isRecordedSpan } from "../traces/own-tracer.ts";
import { STATUS_ERROR } from "../traces/span.ts";

/** Sets the span's status to error, unless an uncaught error has already done so with more details. */
export function failSpan(span: Span, error: unknown, errorType: string): void {
  if (!span.isRecording()) return;
  if (isRecordedSpan(span) && span.failed) return;
  span.setAttribute("error.type", errorType);
  span.setStatus({ code: STATUS_ERROR });
  if (isErrorObject(error)) span.recordException(error);
}
