import type { MetricData, ScopeMetrics } from "@opentelemetry/sdk-metrics";
import { attributesKey } from "../attributes.ts";
import type { PageHistogram, PointWithExemplar } from "../exemplars.ts";
import { isMonotonicMetric, metricKey, type Point, scopeKey } from "../merge/metrics-merge.ts";

interface KeptMetric {
  metric: MetricData;
  readonly points: Map<string, Point>;
}

interface KeptScope {
  readonly scope: ScopeMetrics["scope"];
  readonly metrics: Map<string, KeptMetric>;
}

/** The latest metrics of one process, from its messages. */
export class MemberMetrics {
  readonly #scopes = new Map<string, KeptScope>();

  /** Takes over the values of changed series. */
  update(scopeMetrics: readonly ScopeMetrics[]): void {
    for (const { scope, metrics } of scopeMetrics) {
      const key = scopeKey(scope);
      const kept = this.#scopes.get(key) ?? { scope, metrics: new Map<string, KeptMetric>() };
      this.#scopes.set(key, kept);
      for (const metric of metrics) updateMetric(kept, metric);
    }
  }

  /** Takes over an answer: gauges and up-down counters that it does not have are gone. */
  replaceCurrent(scopeMetrics: readonly ScopeMetrics[]): void {
    for (const { metrics } of this.#scopes.values()) {
      for (const [key, { metric }] of metrics) if (!isMonotonicMetric(metric)) metrics.delete(key);
    }
    this.update(scopeMetrics);
  }

  all(): ScopeMetrics[] {
    return Array.from(this.#scopes.values(), ({ scope, metrics }) => ({
      scope,
      metrics: Array.from(
        metrics.values(),
        ({ metric, points }) => ({ ...metric, dataPoints: [...points.values()] }) as MetricData,
      ),
    }));
  }
}

function updateMetric({ metrics }: KeptScope, metric: MetricData): void {
  const key = metricKey(metric);
  const kept = metrics.get(key) ?? { metric, points: new Map<string, Point>() };
  kept.metric = metric;
  metrics.set(key, kept);
  for (const point of metric.dataPoints as Point[]) {
    const pointKey = attributesKey(point.attributes);
    const known = kept.points.get(pointKey);
    kept.points.set(pointKey, known === undefined ? point : succeed(known, point));
  }
}

/**
 * Returns the new point of a series, with the attributes of the first one, whose labels
 * are cached, and the exemplars of the last answer: changes have none.
 */
function succeed(known: Point, point: Point): Point {
  const { attributes, value, exemplar } = known as PointWithExemplar;
  const { exemplars } = Object(value) as Partial<PageHistogram>;
  const next = { exemplar, ...point, attributes };
  if (exemplars !== undefined && typeof next.value === "object")
    next.value = { exemplars, ...next.value } as PageHistogram;
  return next;
}
