import type { SummaryPoint, SummaryValue } from "../../export/summary-data.ts";
import type { Exemplar, PageHistogram, PointWithExemplar } from "../exemplars.ts";
import { addHistograms } from "../histogram-sum.ts";
import { pageHistogram } from "./exponential-histogram.ts";
import {
  EXPONENTIAL_HISTOGRAM,
  type ExponentialPoint,
  type HistogramPoint,
  type MetricFamily,
  type NumberPoint,
} from "./families.ts";
import type { PageOptions } from "./page-options.ts";

/** Samples per piece of a page: a few tenths of a millisecond of work. */
export const SAMPLES_PER_PIECE = 200;

/** The value that the samples of one set of labels show. */
export interface SampleSource {
  readonly value: number | PageHistogram | SummaryValue;
  /** Of a counter. */
  readonly exemplar: Exemplar | undefined;
  /** Seconds since 1970. */
  readonly createdAt: number;
}

/**
 * Groups the points of a family by their labels. Different attributes can result
 * in the same labels (`a.b`, `a_b`); such points are merged, since Prometheus
 * rejects a whole page with a duplicate sample. It yields after some hundred points.
 */
export function* collectPoints(
  family: MetricFamily,
  { labels, onMerge }: Pick<PageOptions, "labels" | "onMerge">,
  points: Map<string, SampleSource>,
): IterableIterator<void> {
  for (const { metric, constant: attributes } of family.metrics) {
    const constant = labels.constant(attributes);
    const isDistribution = family.type === "histogram" || family.type === "summary";
    let count = 0;
    for (const point of metric.dataPoints as MetricPoint[]) {
      if ((count += 1) % SAMPLES_PER_PIECE === 0) yield;
      const text = labels.of(point.attributes, constant, isDistribution);
      const before = points.get(text);
      if (before !== undefined) onMerge(metric.descriptor.name);
      points.set(text, sourceOf(family, metric.dataPointType, point, before));
    }
  }
}

type MetricPoint = NumberPoint | HistogramPoint | ExponentialPoint | SummaryPoint;

function sourceOf(
  family: MetricFamily,
  type: number,
  point: MetricPoint,
  before: SampleSource | undefined,
): SampleSource {
  const value =
    type === EXPONENTIAL_HISTOGRAM
      ? pageHistogram((point as ExponentialPoint).value)
      : (point as NumberPoint | HistogramPoint | SummaryPoint).value;
  const [seconds, nanoseconds] = point.startTime;
  return {
    value: before === undefined ? value : merge(family, before.value, value),
    exemplar: (point as PointWithExemplar).exemplar ?? before?.exemplar,
    createdAt: before?.createdAt ?? seconds + Math.round(nanoseconds / 1e6) / 1e3,
  };
}

/** Adds counters and histograms; keeps the first of two gauges or summaries, and of histograms with different boundaries. */
function merge(
  family: MetricFamily,
  a: SampleSource["value"],
  b: SampleSource["value"],
): SampleSource["value"] {
  if (typeof a === "number" || typeof b === "number") {
    return family.type === "counter" ? Number(a) + Number(b) : a;
  }
  if ("quantiles" in a || "quantiles" in b) return a;
  return addHistograms(a, b) ?? a;
}

export function sampleCount(value: SampleSource["value"]): number {
  if (typeof value === "number") return 1;
  return "quantiles" in value ? value.quantiles.length : value.buckets.counts.length;
}
