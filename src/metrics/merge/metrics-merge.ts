import type { Attributes } from "@opentelemetry/api";
import type {
  DataPoint,
  ExponentialHistogram,
  Histogram,
  MetricData,
  ScopeMetrics,
} from "@opentelemetry/sdk-metrics";
import type { MetricMergeRuleName } from "../../config/config.ts";
import { attributesKey, OVERFLOW_ATTRIBUTES } from "../attributes.ts";
import type { InstrumentDescriptor } from "../descriptor.ts";
import type {
  Exemplar,
  Exemplars,
  ExponentialPageHistogram,
  PageHistogram,
  PointWithExemplar,
} from "../exemplars.ts";
import { addExponential } from "../exponential-sum.ts";
import { addHistograms, addSums } from "../histogram-sum.ts";
import { EXPONENTIAL_HISTOGRAM, HISTOGRAM, SUM } from "../reader-state.ts";
import { isSummary } from "../../export/summary-data.ts";
import { CARDINALITY_LIMIT } from "../series-table.ts";

/** The metrics of one thread or process. */
export interface MetricsPart {
  readonly scopeMetrics: readonly ScopeMetrics[];
  /** Whether it has ended: then its counts are kept, everything else is not. */
  readonly ended: boolean;
  /** What distinguishes its series under the rule `separate`. */
  readonly labels: Attributes | undefined;
}

export type Point = DataPoint<number | Histogram | ExponentialHistogram>;

/** A metric with the points of several parts. */
interface MergedMetric {
  readonly metric: MetricData;
  readonly rule: MetricMergeRuleName;
  readonly points: Map<string, Point>;
  readonly places: Set<string>;
}

interface MergedScope {
  readonly scope: ScopeMetrics["scope"];
  readonly metrics: Map<string, MergedMetric>;
}

/**
 * The series of each merged metric that have a place within the cardinality limit, for
 * life: with places given anew on each page, the overflow series would go down when
 * another series takes a place.
 */
export type SeriesPlaces = Map<string, Set<string>>;

/** Merges metrics, one part after the other, so that a caller can yield in between. */
export class MetricsMerge {
  readonly #ruleOf: (metric: MetricData) => MetricMergeRuleName;
  readonly #places: SeriesPlaces;
  readonly #scopes = new Map<string, MergedScope>();

  constructor(
    ruleOf: (metric: MetricData) => MetricMergeRuleName,
    places: SeriesPlaces = new Map(),
  ) {
    this.#ruleOf = ruleOf;
    this.#places = places;
  }

  /** Adds a part, whose objects are not changed. */
  add({ scopeMetrics, ended, labels }: MetricsPart): void {
    for (const { scope, metrics } of scopeMetrics) {
      const key = scopeKey(scope);
      const merged = this.#scopes.get(key) ?? { scope, metrics: new Map<string, MergedMetric>() };
      this.#scopes.set(key, merged);
      for (const metric of metrics) this.#addMetric(merged, `${key}\n`, metric, ended, labels);
    }
  }

  result(): ScopeMetrics[] {
    return Array.from(this.#scopes.values(), ({ scope, metrics }) => ({
      scope,
      metrics: Array.from(metrics.values(), toMetricData),
    }));
  }

  #addMetric(
    { metrics }: MergedScope,
    scope: string,
    metric: MetricData,
    ended: boolean,
    labels: Attributes | undefined,
  ): void {
    const key = metricKey(metric);
    const merged = metrics.get(key) ?? this.#createMetric(scope + key, metric);
    const { rule } = merged;
    if (ended && !(isMonotonicMetric(metric) && (rule === "sum" || rule === "separate"))) return;
    metrics.set(key, merged);
    const separate = rule === "separate" && !ended ? labels : undefined;
    for (const point of metric.dataPoints as Point[]) addPoint(merged, withLabels(point, separate));
  }

  #createMetric(key: string, metric: MetricData): MergedMetric {
    const places = this.#places.get(key) ?? new Set<string>();
    this.#places.set(key, places);
    return { metric, rule: this.#ruleOf(metric), points: new Map(), places };
  }
}

export function scopeKey({ name, version, schemaUrl }: ScopeMetrics["scope"]): string {
  return JSON.stringify([name, version, schemaUrl]);
}

/** Returns a key that is unique within a scope. Metrics of another kind or unit are other metrics. */
export function metricKey(metric: MetricData): string {
  const { name, unit } = metric.descriptor;
  return `${name}\n${unit}\n${metric.dataPointType}\n${metric.dataPointType === SUM && metric.isMonotonic}`;
}

/** Returns the metrics of an ended thread or process that remain valid. */
export function monotonicMetrics(scopeMetrics: readonly ScopeMetrics[]): ScopeMetrics[] {
  return scopeMetrics.map(({ scope, metrics }) => ({
    scope,
    metrics: metrics.filter(isMonotonicMetric),
  }));
}

export function isMonotonicMetric(metric: MetricData): boolean {
  if (isSummary(metric)) return false;
  const { dataPointType: type } = metric;
  if (type === HISTOGRAM || type === EXPONENTIAL_HISTOGRAM) return true;
  return metric.dataPointType === SUM && metric.isMonotonic;
}

function addPoint({ metric, points, rule, places }: MergedMetric, point: Point): void {
  const { cardinalityLimit = CARDINALITY_LIMIT } = metric.descriptor as InstrumentDescriptor;
  const key = attributesKey(point.attributes);
  const known = points.get(key);
  if (known !== undefined) {
    points.set(key, mergePoints(known, point, rule));
  } else if (key === overflowKey || hasPlace(places, key, cardinalityLimit)) {
    points.set(key, point);
  } else {
    const overflow = points.get(overflowKey);
    const value =
      overflow === undefined ? point.value : mergeValues(overflow.value, point.value, rule);
    points.set(overflowKey, { ...point, attributes: OVERFLOW_ATTRIBUTES, value });
  }
}

/** Returns whether the series has a place, and assigns it one while there are any. */
function hasPlace(places: Set<string>, key: string, limit: number): boolean {
  if (places.has(key)) return true;
  if (places.size >= limit - 1) return false;
  places.add(key);
  return true;
}

function mergePoints(known: Point, point: Point, rule: MetricMergeRuleName): Point {
  const exemplar = laterExemplar(exemplarOf(known), exemplarOf(point));
  const sum = { ...known, value: mergeValues(known.value, point.value, rule) };
  return exemplar === undefined ? sum : Object.assign(sum, { exemplar });
}

function exemplarOf(point: Point): Exemplar | undefined {
  return (point as PointWithExemplar).exemplar;
}

const overflowKey = attributesKey(OVERFLOW_ATTRIBUTES);

function withLabels(point: Point, labels: Attributes | undefined): Point {
  if (labels === undefined) return point;
  const attributes: Attributes = { ...point.attributes, ...labels };
  return { ...point, attributes };
}

/**
 * Merges two values. Histograms are added. Those with different boundaries can't be, nor
 * can summaries: the first is kept.
 */
function mergeValues(
  a: Point["value"],
  b: Point["value"],
  rule: MetricMergeRuleName,
): Point["value"] {
  if (typeof a === "number" || typeof b === "number")
    return mergeNumbers(Number(a), Number(b), rule);
  const sum = addDistributions(a, b);
  if (sum === undefined) return a;
  const exemplars = laterExemplars(exemplarsOf(a), exemplarsOf(b));
  return exemplars === undefined ? sum : Object.assign(sum, { exemplars });
}

function addDistributions(
  a: Histogram | ExponentialHistogram,
  b: Histogram | ExponentialHistogram,
): Histogram | ExponentialHistogram | undefined {
  if ("buckets" in a && "buckets" in b) return addHistograms(a, b);
  if (!("positive" in a && "positive" in b)) return undefined;
  return { count: a.count + b.count, ...addSums(a, b), ...addExponential(a, b) };
}

function exemplarsOf(value: PageHistogram | ExponentialPageHistogram): Exemplars | undefined {
  return value.exemplars;
}

function mergeNumbers(a: number, b: number, rule: MetricMergeRuleName): number {
  if (rule === "sum" || rule === "separate") return a + b;
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) ? b : a;
  return rule === "max" ? Math.max(a, b) : Math.min(a, b);
}

function laterExemplars(a: Exemplars | undefined, b: Exemplars | undefined): Exemplars | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.map((one, index) => laterExemplar(one, b[index]));
}

function laterExemplar(a: Exemplar | undefined, b: Exemplar | undefined): Exemplar | undefined {
  return (b?.at ?? 0) > (a?.at ?? 0) ? b : a;
}

function toMetricData({ metric, points }: MergedMetric): MetricData {
  return { ...metric, dataPoints: [...points.values()] } as MetricData;
}
