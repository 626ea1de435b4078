import type { Context, Span, SpanContext } from "@opentelemetry/api";
import type { DataPoint, ExponentialHistogram, Histogram } from "@opentelemetry/sdk-metrics";
import type { ExemplarFilterName } from "../config/config.ts";
import { asContext, spanIn } from "../context/context.ts";
import type { ExponentialValue } from "./series/exponential-buckets.ts";
import { isOwnSpan } from "../context/local-trace-handle.ts";
import { activeContext } from "../context/manager.ts";

/*
 * Exemplars for the OpenMetrics page, since the SDK and its OTLP serializer have
 * none yet (opentelemetry-js#5147): the latest measurement of each counter series
 * and of each histogram bucket that belongs to a kept trace.
 * https://opentelemetry.io/docs/specs/otel/metrics/sdk/#exemplar
 */

/** The measurement recorded as the example of its series or bucket. */
export interface Exemplar {
  /** Ids instead of the span: a series must not keep a trace in memory, and exemplars are posted to other threads. */
  readonly traceId: string;
  readonly spanId: string;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The exemplars of a histogram, one for each bucket. */
export type Exemplars = readonly (Exemplar | undefined)[];

/** A counter's data point with its exemplar. */
export interface PointWithExemplar extends DataPoint<number> {
  readonly exemplar?: Exemplar;
}

/** A histogram's value with what the Prometheus page shows of it. */
export interface PageHistogram extends Histogram {
  readonly exemplars?: Exemplars;
  /** The same values in the buckets of a native histogram. */
  readonly native?: ExponentialValue;
}

/** The same of an exponential histogram, whose exemplars are those of explicit buckets. */
export interface ExponentialPageHistogram extends ExponentialHistogram {
  readonly exemplars?: Exemplars;
}

/** Returns the context of the exemplar's span, or undefined if the measurement gets no exemplar. */
export type ExemplarFilter = (span: Span | undefined) => SpanContext | undefined;

/** The filters of `OTEL_METRICS_EXEMPLAR_FILTER`; "trace_based" accepts kept traces. */
export const exemplarFilters: Readonly<Record<ExemplarFilterName, ExemplarFilter>> = {
  always_off: () => undefined,
  always_on: (span) => span?.spanContext(),
  trace_based: (span) => (span !== undefined && isKept(span) ? span.spanContext() : undefined),
};

/** Applies a filter to the span of a context, by default the active one. */
export function exemplarContext(
  filter: ExemplarFilter,
  context: Context | undefined,
): SpanContext | undefined {
  return filter(spanIn(asContext(context) ?? activeContext()));
}

/** Reads the keep decision of the local trace; for third-party spans, the sampled flag. */
function isKept(span: Span): boolean {
  return isOwnSpan(span) ? span.localTrace.kept : (span.spanContext().traceFlags & 1) === 1;
}
