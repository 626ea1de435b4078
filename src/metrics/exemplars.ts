import type { Context, Span, SpanContext } from "@opentelemetry/api";
import type { DataPoint, Histogram } from "@opentelemetry/sdk-metrics";
import type { ExemplarFilterName } from "../config/config.ts";
import { asContext, spanIn } from "../context/context.ts";
import { isOwnSpan } from "../context/local-trace-handle.ts";
import { activeContext } from "../context/manager.ts";

/*
 * The SDK has no exemplars yet (opentelemetry-js#5147), nor has its writer of OTLP.
 * Ours, for the OpenMetrics page: of the measurements that belong to a trace which
 * somebody can look at, the latest one of a counter and of each bucket of a
 * histogram. https://opentelemetry.io/docs/specs/otel/metrics/sdk/#exemplar
 */

/** The measurement that stands for its bucket. */
export interface Exemplar {
  /** Plain texts, no span: a series must not hold a trace in memory, and it crosses threads. */
  readonly traceId: string;
  readonly spanId: string;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** One place for each bucket. */
export type Exemplars = readonly (Exemplar | undefined)[];

/** A counter's point as our readers pass it on. */
export interface PointWithExemplar extends DataPoint<number> {
  readonly exemplar?: Exemplar;
}

/** A histogram's value as our readers pass it on. */
export interface HistogramWithExemplars extends Histogram {
  readonly exemplars?: Exemplars;
}

/** The span that a measurement may be an example of, or undefined where there is none to show. */
export type ExemplarFilter = (span: Span | undefined) => SpanContext | undefined;

/** What `OTEL_METRICS_EXEMPLAR_FILTER` asks for; "trace_based" here means a trace that is kept. */
export const exemplarFilters: Readonly<Record<ExemplarFilterName, ExemplarFilter>> = {
  always_off: () => undefined,
  always_on: (span) => span?.spanContext(),
  trace_based: (span) => (span !== undefined && isKept(span) ? span.spanContext() : undefined),
};

/** The same for whatever is active in a context. */
export function exemplarContext(
  filter: ExemplarFilter,
  context: Context | undefined,
): SpanContext | undefined {
  return filter(spanIn(asContext(context) ?? activeContext()));
}

/** Our spans know their trace's fate; of others the flag says it. */
function isKept(span: Span): boolean {
  return isOwnSpan(span) ? span.localTrace.kept : (span.spanContext().traceFlags & 1) === 1;
}
