import type { Attributes } from "@opentelemetry/api";
import type { DataPoint, Histogram, MetricData, ScopeMetrics } from "@opentelemetry/sdk-metrics";
import { attributesKey, OVERFLOW_ATTRIBUTES } from "../attributes.ts";
import type {
  Exemplar,
  Exemplars,
  HistogramWithExemplars,
  PointWithExemplar,
} from "../exemplars.ts";
import type { InstrumentDescriptor } from "../descriptor.ts";
import { addHistograms } from "../histogram-sum.ts";
import { GAUGE, HISTOGRAM, SUM } from "../reader-state.ts";
import { CARDINALITY_LIMIT } from "../series-table.ts";
import { isSummary } from "../quantiles/summary-data.ts";

/** The metrics of one thread. */
export interface ThreadMetrics {
  readonly threadId: number;
  readonly scopeMetrics: ScopeMetrics[];
  /** Whether the thread has ended: then its counts are kept, its gauges are not. */
  readonly ended: boolean;
}

type Point = DataPoint<number | Histogram>;

/** A metric with the points of several threads. */
interface MergedMetric {
  readonly metric: MetricData;
  readonly points: Map<string, Point>;
}

/**
 * Merges the metrics of all threads: adds counters, histograms and up-down counters.
 * Gauges can't be added, so a worker's has the label of its thread. The cardinality
 * limit applies to the result.
 *
 * @param main the main thread's metrics, whose attribute objects are not copied.
 */
export function mergeThreads(
  main: readonly ScopeMetrics[],
  threads: readonly ThreadMetrics[],
): ScopeMetrics[] {
  const scopes = new Map<
    string,
    { scope: ScopeMetrics["scope"]; sums: Map<string, MergedMetric> }
  >();
  const addScopes = (
    scopeMetrics: readonly ScopeMetrics[],
    thread: ThreadMetrics | undefined,
  ): void => {
    for (const { scope, metrics } of scopeMetrics) {
      const key = JSON.stringify([scope.name, scope.version, scope.schemaUrl]);
      const known = scopes.get(key) ?? { scope, sums: new Map<string, MergedMetric>() };
      scopes.set(key, known);
      for (const metric of metrics) addMetric(known.sums, metric, thread);
    }
  };
  addScopes(main, undefined);
  for (const thread of threads) addScopes(thread.scopeMetrics, thread);
  return Array.from(scopes.values(), ({ scope, sums }) => ({
    scope,
    metrics: Array.from(sums.values(), toMetricData),
  }));
}

/** Returns the metrics of an ended thread that remain valid. */
export function monotonicMetrics(scopeMetrics: readonly ScopeMetrics[]): ScopeMetrics[] {
  return scopeMetrics.map(({ scope, metrics }) => ({
    scope,
    metrics: metrics.filter(isMonotonicMetric),
  }));
}

function addMetric(
  merged: Map<string, MergedMetric>,
  metric: MetricData,
  thread: ThreadMetrics | undefined,
): void {
  if (thread?.ended === true && !isMonotonicMetric(metric)) return;
  const { name, unit } = metric.descriptor;
  const key = `${name}\n${unit}\n${metric.dataPointType}\n${metric.dataPointType === SUM && metric.isMonotonic}`;
  const mergedMetric = merged.get(key) ?? { metric, points: new Map<string, Point>() };
  merged.set(key, mergedMetric);
  // Quantiles can't be added either.
  const label = metric.dataPointType === GAUGE || isSummary(metric) ? thread?.threadId : undefined;
  for (const point of metric.dataPoints as Point[])
    addPoint(mergedMetric, withThreadId(point, label));
}

function addPoint({ metric, points }: MergedMetric, point: Point): void {
  const { cardinalityLimit = CARDINALITY_LIMIT } = metric.descriptor as InstrumentDescriptor;
  const key = attributesKey(point.attributes);
  const known = points.get(key);
  if (known !== undefined) {
    points.set(key, mergePoints(known, point));
  } else if (points.size < cardinalityLimit - 1 || key === overflowKey) {
    points.set(key, point);
  } else {
    const overflow = points.get(overflowKey);
    const value = overflow === undefined ? point.value : addValues(overflow.value, point.value);
    points.set(overflowKey, { ...point, attributes: OVERFLOW_ATTRIBUTES, value });
  }
}

function mergePoints(known: Point, point: Point): Point {
  const exemplar = laterExemplar(exemplarOf(known), exemplarOf(point));
  const sum = { ...known, value: addValues(known.value, point.value) };
  return exemplar === undefined ? sum : Object.assign(sum, { exemplar });
}

function exemplarOf(point: Point): Exemplar | undefined {
  return (point as PointWithExemplar).exemplar;
}

const overflowKey = attributesKey(OVERFLOW_ATTRIBUTES);

function withThreadId(point: Point, threadId: number | undefined): Point {
  if (threadId === undefined) return point;
  const attributes: Attributes = { ...point.attributes, "thread.id": threadId };
  return { ...point, attributes };
}

/** Adds two values. Histograms with different boundaries can't be added: the first is kept. */
function addValues(
  a: number | HistogramWithExemplars,
  b: number | HistogramWithExemplars,
): number | Histogram {
  if (typeof a === "number" || typeof b === "number") return Number(a) + Number(b);
  const sum = addHistograms(a, b);
  if (sum === undefined) return a;
  const exemplars = laterExemplars(a.exemplars, b.exemplars);
  return exemplars === undefined ? sum : Object.assign(sum, { exemplars });
}

function laterExemplars(a: Exemplars | undefined, b: Exemplars | undefined): Exemplars | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.map((one, index) => laterExemplar(one, b[index]));
}

function laterExemplar(a: Exemplar | undefined, b: Exemplar | undefined): Exemplar | undefined {
  return (b?.at ?? 0) > (a?.at ?? 0) ? b : a;
}

function isMonotonicMetric(metric: MetricData): boolean {
  if (isSummary(metric)) return false;
  return metric.dataPointType === HISTOGRAM || (metric.dataPointType === SUM && metric.isMonotonic);
}

function toMetricData({ metric, points }: MergedMetric): MetricData {
  return { ...metric, dataPoints: [...points.values()] } as MetricData;
}
