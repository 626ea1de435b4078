import type { SpanContext } from "@opentelemetry/api";
import { annotateSpan, type CaptureOrigin, traceCoverageOf } from "./capture-origin.ts";
import type { TraceCoverage } from "../diagnostics/telemetry-counters.ts";
import type { ErrorsDeps } from "./api.ts";
import { expandTraceUrl } from "../trace-url.ts";

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
  readonly #exportsTraces: boolean;
  readonly #traceUrl: string | undefined;
  readonly #orgUrl: string | undefined;
  readonly #service: string;

  constructor({ config, resource }: Pick<ErrorsDeps, "config" | "resource">) {
    this.#exportsTraces = config.exportsTraces;
    this.#traceUrl = config.traceUrl;
    this.#orgUrl = config.orgUrl;
    const { "service.name": service } = resource.attributes;
    this.#service = typeof service === "string" ? service : "";
  }

  /**
   * Records the id and the address of an event on the span that was active, if it is not
   * exported yet, and the id of an error on its unit of work. The last event counts.
   */
  recordEvent(
    event: LinkableEvent,
    origin: CaptureOrigin,
    eventId: string | undefined = event.event_id,
  ): void {
    if (eventId === undefined) return;
    annotateSpan(origin, "sentry.event_id", eventId);
    const eventUrl = this.#orgUrl === undefined ? undefined : eventUrlOf(this.#orgUrl, eventId);
    if (eventUrl !== undefined) annotateSpan(origin, "sentry.event_url", eventUrl);
    if (isErrorEvent(event) && origin.ids !== undefined) origin.ids.errorEventId = eventId;
  }

  /**
   * Adds the address of its trace to an event that is about to be sent, and a tag if the
   * trace is not exported, or not all of it.
   *
   * @returns what is exported of the trace; undefined if the event refers to none of telltale's.
   */
  addTraceLink(event: LinkableEvent, origin: CaptureOrigin): TraceCoverage | undefined {
    if (!this.#exportsTraces) return undefined;
    const coverage = traceCoverageOf(origin);
    const ids = origin.span?.spanContext();
    if (coverage === undefined || event.contexts?.["trace"]?.["trace_id"] !== ids?.traceId)
      return undefined;
    const trace_exported = exportedTags[coverage];
    if (trace_exported !== undefined) event.tags = { trace_exported, ...event.tags };
    if (coverage !== "missing" && ids !== undefined) this.#addTraceUrl(event, ids);
    return coverage;
  }

  /**
   * Adds the address of a trace, in a context of its own, because Sentry defines the fields
   * of the context `trace`. A URL as the value of a tag is shown as a link.
   */
  #addTraceUrl(event: LinkableEvent, ids: SpanContext): void {
    if (this.#traceUrl === undefined) return;
    const timestampMs = Math.round((event.timestamp ?? Date.now() / 1000) * 1000);
    const url = expandTraceUrl(this.#traceUrl, { ...ids, service: this.#service, timestampMs });
    if (url === undefined) return;
    event.contexts = { ...event.contexts, trace_link: { url } };
    if (url.length <= MAX_TAG_LENGTH) event.tags = { trace_url: url, ...event.tags };
  }
}

/** The tag `trace_exported` of events whose trace is not exported as a whole. */
const exportedTags: Readonly<Record<TraceCoverage, string | undefined>> = {
  complete: undefined,
  partial: "partly",
  missing: "no",
};

/**
 * Returns the address of an event. Sentry's list of issues redirects to the event whose
 * id is the whole query, in any project that the reader has access to
 * (`X-Sentry-Direct-Hit`). An address with the project would need its slug, which a DSN
 * does not have.
 */
export function eventUrlOf(orgUrl: string, eventId: string): string | undefined {
  return /^[\da-f]{32}$/.test(eventId) ? `${orgUrl}/issues/?query=${eventId}` : undefined;
}

/** Whether the event is an error and not a message, which may have a stack as well. */
function isErrorEvent({ exception, message }: LinkableEvent): boolean {
  return exception !== undefined && (message === undefined || message === "");
}
