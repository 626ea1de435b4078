import type { Context as ApiContext, SpanContext } from "@opentelemetry/api";
import { holderIn, spanIn } from "../context/context.ts";
import { activeContext } from "../context/manager.ts";
import { type Holder, isOwnSpan } from "../context/holder.ts";

/** The fields of the contract that say where a line belongs. */
export interface IdFields {
  trace_id?: unknown;
  span_id?: unknown;
  trace_flags?: unknown;
  request_id?: unknown;
  user_id?: unknown;
  organization_id?: unknown;
}

/** Where a line belongs: the trace and the unit of work it was written in. */
export interface Origin {
  readonly trace: SpanContext | undefined;
  readonly holder: Holder | undefined;
}

const NOWHERE: Origin = { trace: undefined, holder: undefined };

/** The origin in the active context. Never throws. */
export function activeOrigin(): Origin {
  try {
    return originIn(activeContext());
  } catch {
    // A span of somebody else's that throws when asked for its context.
    return NOWHERE;
  }
}

/** The origin in a context. Throws only if a foreign span does. */
function originIn(context: ApiContext): Origin {
  return { trace: traceIn(context), holder: holderIn(context) };
}

/** The ids of the span in a context, if they are valid. */
export function traceIn(context: ApiContext): SpanContext | undefined {
  const span = spanIn(context);
  if (span === undefined) return undefined;
  const trace = span.spanContext();
  return isOwnSpan(span) || isValid(trace) ? trace : undefined;
}

/** Whether an origin has anything to put on a line. */
export function hasIds({ trace, holder }: Origin): boolean {
  if (trace !== undefined) return true;
  if (holder === undefined) return false;
  const { requestId, userId, organizationId } = holder;
  return requestId !== undefined || userId !== undefined || organizationId !== undefined;
}

/**
 * Puts the ids of an origin on a line. What the app set itself stays, and three
 * ids of a trace stay together: a line that names another trace gets no span of
 * ours.
 */
export function putIds(line: IdFields, { trace, holder }: Origin): void {
  if (trace !== undefined && (line.trace_id ?? trace.traceId) === trace.traceId) {
    line.trace_id = trace.traceId;
    line.span_id ??= trace.spanId;
    line.trace_flags ??= flagsText(trace.traceFlags);
  }
  if (holder === undefined) return;
  if (holder.requestId !== undefined) line.request_id ??= holder.requestId;
  if (holder.userId !== undefined) line.user_id ??= holder.userId;
  if (holder.organizationId !== undefined) line.organization_id ??= holder.organizationId;
}

/** The trace that a line names itself, or undefined. */
export function traceOn(line: IdFields): SpanContext | undefined {
  const { trace_id: traceId, span_id: spanId, trace_flags: flags } = line;
  if (typeof traceId !== "string" || typeof spanId !== "string") return undefined;
  const traceFlags = typeof flags === "string" ? Number.parseInt(flags, 16) & 0xff : 0;
  const trace = { traceId, spanId, traceFlags };
  return isValid(trace) ? trace : undefined;
}

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/;

/** Stricter than the types: one foreign span with broken ids would spoil a whole batch. */
function isValid(trace: SpanContext): boolean {
  return (
    TRACE_ID.test(trace.traceId) &&
    SPAN_ID.test(trace.spanId) &&
    (trace.traceFlags & 0xff) === trace.traceFlags
  );
}

const FLAG_TEXTS = ["00", "01", "02", "03"];

/** Two hexadecimal digits. */
export function flagsText(flags: number): string {
  return FLAG_TEXTS[flags] ?? (flags & 0xff).toString(16).padStart(2, "0");
}
