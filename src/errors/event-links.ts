import type { Span, SpanContext } from "@opentelemetry/api";
import { isOwnSpan } from "../context/local-trace-handle.ts";
import { recordEventId, type CaptureOrigin } from "./capture-origin.ts";
import type { ErrorsDeps } from "./api.ts";

/** The part of an event, of any version of Sentry, that links use. */
export interface LinkableEvent {
  readonly event_id?: string;
  /** Seconds since 1970. */
  readonly timestamp?: number;
  readonly message?: unknown;
  readonly exception?: unknown;
  contexts?: Record<string, Record<string, unknown> | undefined>;
  tags?: Record<string, unknown>;
}

/** Sentry truncates the value of a longer tag. https://docs.sentry.io/platforms/javascript/enriching-events/tags/ */
const MAX_TAG_LENGTH = 200;

/**
 * Links between Sentry and the back end of traces: on an event the address of its trace,
 * on the span that was active the address of the event, and on the unit of work, or the
 * isolated part of it, the id of the event, for its later log records.
 */
export class EventLinks {
  readonly #traceUrl: string | undefined;
  readonly #orgUrl: string | undefined;
  readonly #service: string;

  constructor({ config, resource }: Pick<ErrorsDeps, "config" | "resource">) {
    this.#traceUrl = config.traceUrl;
    this.#orgUrl = config.orgUrl;
    const { "service.name": service } = resource.attributes;
    this.#service = typeof service === "string" ? service : "";
  }

  /**
   * Records the id and the address of an event on the span that was active, if it has not
   * ended, and the id of an error on its unit of work. The last event counts.
   */
  recordEvent(
    event: LinkableEvent,
    origin: CaptureOrigin,
    eventId: string | undefined = event.event_id,
  ): void {
    if (eventId === undefined) return;
    recordEventId(origin, eventId);
    const eventUrl = this.#orgUrl === undefined ? undefined : eventUrlOf(this.#orgUrl, eventId);
    if (eventUrl !== undefined) origin.span?.setAttribute("sentry.event_url", eventUrl);
    if (isErrorEvent(event) && origin.ids !== undefined) origin.ids.errorEventId = eventId;
  }

  /**
   * Adds the address of its trace to an event that is about to be sent, and whose trace is
   * kept if possible. It has a context of its own, because Sentry defines the fields of the
   * context `trace`. A URL as the value of a tag is shown as a link.
   */
  addTraceUrl(event: LinkableEvent, origin: CaptureOrigin): void {
    if (this.#traceUrl === undefined) return;
    const ids = exportedIdsOf(origin);
    if (ids === undefined || event.contexts?.["trace"]?.["trace_id"] !== ids.traceId) return;
    const timestampMs = Math.round((event.timestamp ?? Date.now() / 1000) * 1000);
    const url = expandTraceUrl(this.#traceUrl, { ...ids, service: this.#service, timestampMs });
    if (url === undefined) return;
    event.contexts = { ...event.contexts, trace_link: { url } };
    if (url.length <= MAX_TAG_LENGTH) event.tags = { trace_url: url, ...event.tags };
  }
}

/** The values of the placeholders in a trace URL. */
export interface TraceUrlValues {
  readonly traceId: string;
  readonly spanId: string;
  readonly service: string;
  readonly timestampMs: number;
}

const TRACE_ID = /^(?!0{32})[\da-f]{32}$/;
const SPAN_ID = /^(?!0{16})[\da-f]{16}$/;

/** Returns the address of a trace; undefined if an id is malformed, as a foreign span may have it. */
export function expandTraceUrl(
  template: string,
  { traceId, spanId, service, timestampMs }: TraceUrlValues,
): string | undefined {
  if (!TRACE_ID.test(traceId) || !SPAN_ID.test(spanId)) return undefined;
  const values: Readonly<Record<string, string>> = {
    trace_id: traceId,
    span_id: spanId,
    service: encodeURIComponent(wellFormed(service)),
    timestamp: String(timestampMs),
  };
  const text = template.replaceAll(
    /\{(trace_id|span_id|service|timestamp)\}/g,
    (_, name: string) => values[name] ?? "",
  );
  // Encodes what is not allowed in a URL, such as the quotes of JSON.
  return URL.canParse(text) ? new URL(text).href : undefined;
}

/** Replaces lone surrogates, which have no encoding. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/**
 * Returns the address of an event. Sentry's list of issues redirects to the event whose
 * id is the whole query, in any project that the reader has access to
 * (`X-Sentry-Direct-Hit`). An address with the project would need its slug, which a DSN
 * does not have.
 */
export function eventUrlOf(orgUrl: string, eventId: string): string | undefined {
  return /^[\da-f]{32}$/.test(eventId) ? `${orgUrl}/issues/?query=${eventId}` : undefined;
}

/** Returns the ids of the span that was active, if its trace is exported. */
function exportedIdsOf({ span, unit }: CaptureOrigin): SpanContext | undefined {
  if (span === undefined) return undefined;
  const ids = span.spanContext();
  const localTrace = isOwnSpan(span)
    ? span.localTrace
    : isOfTrace(unit?.span, ids.traceId)
      ? unit?.localTrace
      : undefined;
  return localTrace?.kept === true ? ids : undefined;
}

function isOfTrace(span: Span | undefined, traceId: string): boolean {
  return span?.spanContext().traceId === traceId;
}

/** Whether the event is an error and not a message, which may have a stack as well. */
function isErrorEvent({ exception, message }: LinkableEvent): boolean {
  return exception !== undefined && (message === undefined || message === "");
}
