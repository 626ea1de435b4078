import type { Span, SpanContext } from "@opentelemetry/api";
import type { Event, Scope } from "@sentry/core";
import type { Holder, LocalTraceHandle } from "../context/holder.ts";
import { activeHolder, activeSpan } from "../context/manager.ts";

/** Where an event was captured. */
export interface Origin {
  readonly holder: Holder | undefined;
  readonly span: Span | undefined;
}

export function originNow(): Origin {
  return { holder: activeHolder(), span: activeSpan() };
}

/** Writes onto the event where it comes from; what the app's scopes say of the user goes first. */
export function describe(event: Event, { holder, span }: Origin, scopes: readonly Scope[]): void {
  const trace = traceOf(span);
  if (trace !== undefined) event.contexts = { ...event.contexts, trace };
  if (holder === undefined) return;
  const job = jobOf(holder);
  event.tags = { ...event.tags, ...tagsOf(holder), ...job };
  if (job !== undefined) event.contexts = { ...event.contexts, job: contextOf(job) };
  if (holder.userId !== undefined && !scopes.some((scope) => scope.getUser()?.id !== undefined)) {
    event.user = { id: holder.userId, ...event.user };
  }
  const request = requestOf(holder);
  if (request !== undefined) event.request = { ...request, ...event.request };
}

/**
 * The route as Sentry's `transaction`, unless a scope named one. Undefined as
 * long as the framework has not found the route.
 */
export function nameTransaction(event: Event, { holder }: Origin): void {
  if (event.transaction !== undefined || holder === undefined) return;
  const route = holder.routeNow();
  if (route === undefined) return;
  event.transaction = holder.method === undefined ? route : `${holder.method} ${route}`;
}

/** Keeps the trace that the event links to: the link would dangle otherwise. */
export function keepTrace({ holder, span }: Origin): void {
  const local = (span as { localTrace?: LocalTraceHandle } | undefined)?.localTrace;
  (local ?? holder?.localTrace)?.keep("error_captured");
}

/** What the API's own no-op spans carry. */
const NO_TRACE = "0".repeat(32);

/** The ids of a span as Sentry's external propagation context. */
export function propagationOf(
  span: Span | undefined,
): { traceId: string; spanId: string } | undefined {
  const context = span?.spanContext();
  if (context === undefined || context.traceId === NO_TRACE) return undefined;
  return { traceId: context.traceId, spanId: context.spanId };
}

type TraceContext = NonNullable<NonNullable<Event["contexts"]>["trace"]>;

function traceOf(span: Span | undefined): TraceContext | undefined {
  const ids = propagationOf(span);
  if (ids === undefined) return undefined;
  const trace: TraceContext = { trace_id: ids.traceId, span_id: ids.spanId };
  const parent = (span as { parentSpanContext?: SpanContext }).parentSpanContext?.spanId;
  if (parent !== undefined) trace.parent_span_id = parent;
  return trace;
}

function tagsOf({ requestId, organizationId }: Holder): Record<string, string> {
  const tags: Record<string, string> = {};
  if (requestId !== undefined) tags["request_id"] = requestId;
  if (organizationId !== undefined) tags["organization_id"] = organizationId;
  return tags;
}

/** What can be searched for in a job that failed. */
function jobOf(holder: Holder): Record<string, string | number> | undefined {
  const job = holder.jobNow();
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

function contextOf(job: Record<string, string | number>): Record<string, string | number> {
  const entries = Object.entries(job);
  return Object.fromEntries(entries.map(([key, value]) => [key.slice("job.".length), value]));
}

/** Method and path only: no query, header, cookie, body, address or token in the path ever gets here. */
function requestOf(holder: Holder): { method: string; url: string } | undefined {
  const url = holder.visiblePath();
  return holder.method === undefined || url === undefined
    ? undefined
    : { method: holder.method, url };
}
