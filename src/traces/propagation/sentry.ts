import type { SpanContext } from "@opentelemetry/api";
import { SentryPropagator } from "@sentry/opentelemetry";
import { ROOT_CONTEXT, spanIn } from "../../context/context.ts";
import { deferDecision } from "../sampling/deferred.ts";
import { hasValidIds } from "./trace-context.ts";

/** Longer headers are ignored: `@sentry/opentelemetry` splits the whole header. */
const MAX_TRACE = 256;
const MAX_BAGGAGE = 8192;

const propagator = new SentryPropagator();

/**
 * Returns the parent in the headers `sentry-trace` and `baggage`, or undefined.
 * The trace of another organization (the client knows its own from the DSN) is
 * not continued.
 *
 * Leaves out what `SentryPropagator` adds to context and tracestate: its scopes,
 * since telltale's are forked from the unit of work, and its keys, which are
 * illegal in W3C's tracestate.
 */
export function readSentryTrace(trace: unknown, baggage: unknown): SpanContext | undefined {
  const headers = {
    "sentry-trace": withinLength(trace, MAX_TRACE),
    baggage: withinLength(baggage, MAX_BAGGAGE),
  };
  const remoteParent = spanIn(propagator.extract(ROOT_CONTEXT, headers, GETTER))?.spanContext();
  if (remoteParent === undefined || !hasValidIds(remoteParent)) return undefined;
  const { traceId, spanId, traceFlags } = remoteParent;
  const parent: SpanContext = { traceId, spanId, traceFlags, isRemote: true };
  const isRefused = remoteParent.traceState?.get("sentry.sampled_not_recording") === "1";
  if (traceFlags === 0 && !isRefused) deferDecision(parent);
  return parent;
}

interface SentryHeaders {
  readonly "sentry-trace": string | undefined;
  readonly baggage: string | undefined;
}

const GETTER = {
  get: (headers: SentryHeaders, key: string): string | undefined =>
    headers[key as keyof SentryHeaders],
  keys: (): string[] => [],
};

function withinLength(header: unknown, limit: number): string | undefined {
  const text = Array.isArray(header) ? header.join(",") : header;
  return typeof text === "string" && text.length <= limit ? text : undefined;
}
