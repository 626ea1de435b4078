import type { Context as ApiContext, SpanContext } from "@opentelemetry/api";
import { ROOT_CONTEXT, spanIn } from "../context/context.ts";
import { activeContext } from "../context/manager.ts";
import { isOwnSpan } from "../context/local-trace-handle.ts";
import { logIdsIn } from "../context/unit-access.ts";
import type { LogIds } from "../context/unit-views.ts";

/** The documented fields of a line that name its trace, request, user and organization. */
export interface CorrelationFields {
  trace_id?: unknown;
  span_id?: unknown;
  trace_flags?: unknown;
  request_id?: unknown;
  user_id?: unknown;
  organization_id?: unknown;
}

/** The trace and the unit of work in which a line was written. */
export interface LogContext {
  readonly context: ApiContext;
  readonly spanContext: SpanContext | undefined;
  readonly unit: LogIds | undefined;
}

export const EMPTY_LOG_CONTEXT: LogContext = {
  context: ROOT_CONTEXT,
  spanContext: undefined,
  unit: undefined,
};

/** Returns the log context of the active context. Never throws. */
export function activeLogContext(): LogContext {
  try {
    return logContextIn(activeContext());
  } catch {
    // A foreign span throws when its span context is read.
    return EMPTY_LOG_CONTEXT;
  }
}

/** Returns the log context of a context. Throws only if a foreign span does. */
export function logContextIn(context: ApiContext): LogContext {
  return { context, spanContext: spanContextIn(context), unit: logIdsIn(context) };
}

/** Returns the span context of the span in a context, if it is valid. */
function spanContextIn(context: ApiContext): SpanContext | undefined {
  const span = spanIn(context);
  if (span === undefined) return undefined;
  const spanContext = span.spanContext();
  return isOwnSpan(span) || isValidSpanContext(spanContext) ? spanContext : undefined;
}

/** Whether there is any id to put on a line. */
export function hasIds({ spanContext, unit }: LogContext): boolean {
  if (spanContext !== undefined) return true;
  if (unit === undefined) return false;
  const { requestId, userId, organizationId } = unit;
  return requestId !== undefined || userId !== undefined || organizationId !== undefined;
}

/**
 * Puts the ids on a line. Ids that the app set itself stay. The three ids of a
 * trace stay together: a line that names another trace gets no span id.
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

/** Puts the ids of the active context on a line. Never throws. */
export function addActiveIds(line: CorrelationFields): void {
  injectIds(line, activeLogContext());
}

/** Returns the span context that a line names itself, or undefined. */
export function spanContextFrom(line: CorrelationFields): SpanContext | undefined {
  const { trace_id: traceId, span_id: spanId, trace_flags: flags } = line;
  if (typeof traceId !== "string" || typeof spanId !== "string") return undefined;
  const traceFlags = typeof flags === "string" ? Number.parseInt(flags, 16) & 0xff : 0;
  const spanContext = { traceId, spanId, traceFlags };
  return isValidSpanContext(spanContext) ? spanContext : undefined;
}

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/;

/** Checks more than the types do: one foreign span with broken ids would invalidate a whole batch. */
function isValidSpanContext(spanContext: SpanContext): boolean {
  return (
    TRACE_ID.test(spanContext.traceId) &&
    SPAN_ID.test(spanContext.spanId) &&
    (spanContext.traceFlags & 0xff) === spanContext.traceFlags
  );
}

const FLAG_TEXTS = ["00", "01", "02", "03"];

/** Returns two hexadecimal digits. */
export function formatTraceFlags(flags: number): string {
  return FLAG_TEXTS[flags] ?? (flags & 0xff).toString(16).padStart(2, "0");
}
