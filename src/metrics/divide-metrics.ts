import type { MetricData, ResourceMetrics, ScopeMetrics } from "@opentelemetry/sdk-metrics";

/** Divides metrics into parts of at most `size` data points, in their order. */
export function divideMetrics(metrics: ResourceMetrics, size: number): ResourceMetrics[] {
  if (countDataPoints(metrics) <= size) return [metrics];
  const parts: ScopeMetrics[][] = [];
  let free = 0;
  for (const { scope, metrics: all } of metrics.scopeMetrics) {
    for (const metric of all) {
      for (let from = 0; from < metric.dataPoints.length;) {
        if (free === 0) {
          parts.push([]);
          free = size;
        }
        const to = Math.min(metric.dataPoints.length, from + free);
        addTo(parts.at(-1) ?? [], scope, pointsOf(metric, from, to));
        free -= to - from;
        from = to;
      }
    }
  }
  return parts.map((scopeMetrics) => ({ ...metrics, scopeMetrics }));
}

function pointsOf(metric: MetricData, from: number, to: number): MetricData {
  return { ...metric, dataPoints: metric.dataPoints.slice(from, to) } as MetricData;
}

function addTo(part: ScopeMetrics[], scope: ScopeMetrics["scope"], metric: MetricData): void {
  const last = part.at(-1);
  if (last?.scope === scope) last.metrics.push(metric);
  else part.push({ scope, metrics: [metric] });
}

/** Counts data points, the items that the counters of metrics count. */
export function countDataPoints(metrics: ResourceMetrics): number {
  let points = 0;
  for (const scope of metrics.scopeMetrics) {
    for (const metric of scope.metrics) points += metric.dataPoints.length;
  }
  return points;
}
