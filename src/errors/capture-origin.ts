import type { Span, SpanContext } from "@opentelemetry/api";
import type { Event } from "@sentry/core";
import { spanIn } from "../context/context.ts";
import { isOwnSpan, type KeepReason } from "../context/local-trace-handle.ts";
import { activeContext } from "../context/manager.ts";
import { errorSlotIn, idSlotIn, keepTraceOf } from "../context/unit-access.ts";
import type { ErrorSlot, IdSlot, LogIds } from "../context/unit-views.ts";
import type { TraceCoverage } from "../diagnostics/telemetry-counters.ts";

/** The unit of work and span in which an event was captured. */
export interface CaptureOrigin {
  readonly unit: ErrorSlot | undefined;
  /** The isolated part of the unit, else the unit itself. */
  readonly ids: IdSlot | undefined;
  readonly span: Span | undefined;
}

export function currentOrigin(): CaptureOrigin {
  const context = activeContext();
  const unit = errorSlotIn(context);
  const span = exportableSpan(spanIn(context), unit?.span);
  return { unit, ids: idSlotIn(context), span };
}

/**
 * Returns the active span or, where that is never exported (it is not recorded, or only
 * stands for the ids of its trace), that of the unit of work.
 */
function exportableSpan(active: Span | undefined, ofUnit: Span | undefined): Span | undefined {
  if (ofUnit === undefined || (active !== undefined && isOwnSpan(active))) return active;
  if (!isOwnSpan(ofUnit)) return active;
  const ids = propagationContextOf(active);
  return ids === undefined || ids.traceId === ofUnit.spanContext().traceId ? ofUnit : active;
}

/** Adds the origin to the event. */
export function applyOrigin(event: Event, { unit, ids, span }: CaptureOrigin): void {
  const trace = traceContextOf(span);
  if (trace !== undefined) event.contexts = { ...event.contexts, trace };
  if (ids !== undefined) event.tags = { ...event.tags, ...tagsOf(ids) };
  if (unit === undefined) return;
  const job = jobTagsOf(unit);
  if (job !== undefined) event.tags = { ...event.tags, ...job };
  if (job !== undefined) event.contexts = { ...event.contexts, job: jobContextOf(job) };
  const request = eventRequestOf(unit);
  if (request !== undefined) event.request = { ...request, ...event.request };
}

/** Sets the route as Sentry's `transaction`, if it is known and no scope has set one. */
export function setTransaction(event: Event, origin: CaptureOrigin): void {
  const transaction = transactionOf(event, origin);
  if (transaction !== undefined) event.transaction = transaction;
}

/** Returns Sentry's `transaction` of an event as far as it is known: method and route. */
export function transactionOf(event: Event, { unit }: CaptureOrigin): string | undefined {
  if (event.transaction !== undefined) return event.transaction;
  const route = unit?.currentRoute();
  if (route === undefined) return undefined;
  return unit?.method === undefined ? route : `${unit.method} ${route}`;
}

/** Keeps the trace that the event links to, so that the link leads somewhere. */
export function keepTrace(
  { unit, span }: CaptureOrigin,
  reason: KeepReason = "error_captured",
): void {
  keepTraceOf(span, unit, reason);
}

/**
 * Returns what is exported of the trace that an event refers to, after `keepTrace`.
 * Undefined if it refers to none, or to one of another tracer.
 */
export function traceCoverageOf({ unit, span }: CaptureOrigin): TraceCoverage | undefined {
  if (span === undefined) return undefined;
  if (isOwnSpan(span)) {
    const { kept, droppedSpans } = span.localTrace;
    return !kept ? "missing" : droppedSpans > 0 ? "partial" : "complete";
  }
  const traceId = unit?.span?.spanContext().traceId;
  return traceId === span.spanContext().traceId ? "missing" : undefined;
}

/** Sets an attribute of the span that was active, unless it is exported already. */
export function annotateSpan({ span }: CaptureOrigin, key: string, value: string): void {
  if (span === undefined) return;
  if (isOwnSpan(span)) span.annotate(key, value);
  else span.setAttribute(key, value);
}

/** Whether the span that was active can be annotated until its request, message or job ends. */
export function isExportedAfterUnit({ unit, span }: CaptureOrigin): boolean {
  if (unit === undefined || unit.ended || span === undefined) return false;
  return span === unit.span || (isOwnSpan(span) && !span.localTrace.kept);
}

/** Trace id of the API's no-op spans. */
const INVALID_TRACE_ID = "0".repeat(32);

/** Returns the ids of a span as Sentry's external propagation context. */
export function propagationContextOf(
  span: Span | undefined,
): { traceId: string; spanId: string } | undefined {
  const context = span?.spanContext();
  if (context === undefined || context.traceId === INVALID_TRACE_ID) return undefined;
  return { traceId: context.traceId, spanId: context.spanId };
}

type TraceContext = NonNullable<NonNullable<Event["contexts"]>["trace"]>;

export function traceContextOf(span: Span | undefined): TraceContext | undefined {
  const ids = propagationContextOf(span);
  if (ids === undefined) return undefined;
  const trace: TraceContext = { trace_id: ids.traceId, span_id: ids.spanId };
  const parent = (span as { parentSpanContext?: SpanContext }).parentSpanContext?.spanId;
  if (parent !== undefined) trace.parent_span_id = parent;
  return trace;
}

function tagsOf({ requestId, organizationId }: LogIds): Record<string, string> {
  const tags: Record<string, string> = {};
  if (requestId !== undefined) tags["request_id"] = requestId;
  if (organizationId !== undefined) tags["organization_id"] = organizationId;
  return tags;
}

/** Returns the searchable tags of a failed job. */
function jobTagsOf(unit: ErrorSlot): Record<string, string | number> | undefined {
  const job = unit.jobInfo();
  if (job === undefined) return undefined;
  const { name, id, queue, attempt, maxAttempts } = job;
  return {
    "job.name": name,
    ...(id !== undefined && { "job.id": id }),
    ...(queue !== undefined && { "job.queue": queue }),
    ...(attempt !== undefined && { "job.attempt": attempt }),
    ...(maxAttempts !== undefined && { "job.max_attempts": maxAttempts }),
  };
}

function jobContextOf(job: Record<string, string | number>): Record<string, string | number> {
  const entries = Object.entries(job);
  return Object.fromEntries(entries.map(([key, value]) => [key.slice("job.".length), value]));
}

/** Returns method and path only, without query, headers, cookies, body, address or tokens in the path. */
function eventRequestOf(unit: ErrorSlot): { method: string; url: string } | undefined {
  const url = unit.redactedPath();
  return unit.method === undefined || url === undefined ? undefined : { method: unit.method, url };
}

/**
 * Removes the trace id that the client generates without an active span, and which no
 * back end has, and the sampling context of Sentry's traces, of which there are none.
 */
export function removeGeneratedTrace(event: Event, hasTrace: boolean): void {
  if (!hasTrace) delete event.contexts?.trace;
  delete event.sdkProcessingMetadata?.dynamicSamplingContext;
}
