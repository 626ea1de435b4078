import type { Context as ApiContext, SpanContext } from "@opentelemetry/api";
import { spanIn } from "../context/context.ts";
import { activeContext } from "../context/manager.ts";
import { isOwnSpan } from "../context/local-trace-handle.ts";
import { logIdsIn } from "../context/unit-access.ts";
import type { LogIds } from "../context/unit-views.ts";

/** The fields of the contract that say where a line belongs. */
export interface CorrelationFields {
  trace_id?: unknown;
  span_id?: unknown;
  trace_flags?: unknown;
  request_id?: unknown;
  user_id?: unknown;
  organization_id?: unknown;
}

/** Where a line belongs: the trace and the unit of work it was written in. */
export interface LogContext {
  readonly spanContext: SpanContext | undefined;
  readonly unit: LogIds | undefined;
}

const EMPTY_CONTEXT: LogContext = { spanContext: undefined, unit: undefined };

/** The origin in the active context. Never throws. */
export function activeLogContext(): LogContext {
  try {
    return logContextIn(activeContext());
  } catch {
    // A span of somebody else's that throws when asked for its context.
    return EMPTY_CONTEXT;
  }
}

/** The origin in a context. Throws only if a foreign span does. */
function logContextIn(context: ApiContext): LogContext {
  return { spanContext: spanContextIn(context), unit: logIdsIn(context) };
}

/** The ids of the span in a context, if they are valid. */
export function spanContextIn(context: ApiContext): SpanContext | undefined {
  const span = spanIn(context);
  if (span === undefined) return undefined;
  const spanContext = span.spanContext();
  return isOwnSpan(span) || isValidSpanContext(spanContext) ? spanContext : undefined;
}

/** Whether an origin has anything to put on a line. */
export function hasIds({ spanContext, unit }: LogContext): boolean {
  if (spanContext !== undefined) return true;
  if (unit === undefined) return false;
  const { requestId, userId, organizationId } = unit;
  return requestId !== undefined || userId !== undefined || organizationId !== undefined;
}

/**
 * Puts the ids of an origin on a line. What the app set itself stays, and three
 * ids of a trace stay together: a line that names another trace gets no span of
 * ours.
 */
export function injectIds(line: CorrelationFields, { spanContext, unit }: LogContext): void {
  if (spanContext !== undefined && (line.trace_id ?? spanContext.traceId) === spanContext.traceId) {
    line.trace_id = spanContext.traceId;
    line.span_id ??= spanContext.spanId;
    line.trace_flags ??= formatTraceFlags(spanContext.traceFlags);
  }
  if (unit === undefined) return;
  if (unit.requestId !== undefined) line.request_id ??= unit.requestId;
  if (unit.userId !== undefined) line.user_id ??= unit.userId;
  if (unit.organizationId !== undefined) line.organization_id ??= unit.organizationId;
}

/** The trace that a line names itself, or undefined. */
export function spanContextFrom(line: CorrelationFields): SpanContext | undefined {
  const { trace_id: traceId, span_id: spanId, trace_flags: flags } = line;
  if (typeof traceId !== "string" || typeof spanId !== "string") return undefined;
  const traceFlags = typeof flags === "string" ? Number.parseInt(flags, 16) & 0xff : 0;
  const spanContext = { traceId, spanId, traceFlags };
  return isValidSpanContext(spanContext) ? spanContext : undefined;
}

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/;

/** Stricter than the types: one foreign span with broken ids would spoil a whole batch. */
function isValidSpanContext(spanContext: SpanContext): boolean {
  return (
    TRACE_ID.test(spanContext.traceId) &&
    SPAN_ID.test(spanContext.spanId) &&
    (spanContext.traceFlags & 0xff) === spanContext.traceFlags
  );
}

const FLAG_TEXTS = ["00", "01", "02", "03"];

/** Two hexadecimal digits. */
export function formatTraceFlags(flags: number): string {
  return FLAG_TEXTS[flags] ?? (flags & 0xff).toString(16).padStart(2, "0");
}
