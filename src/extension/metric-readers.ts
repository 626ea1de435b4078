import type { MetricProducer, ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { MetricsConfig } from "../config/config.ts";
import { SUMMARY } from "../export/summary-data.ts";
import type { Metrics } from "../metrics/metrics.ts";

/** `IMetricReader` of the SDK. */
export interface MetricReader {
  setMetricProducer(producer: MetricProducer): void;
  selectAggregationTemporality?: (instrument: string) => unknown;
}

/** Lets a reader of the app read the store. */
export function connectReader(
  reader: MetricReader,
  metrics: Pick<Metrics, "createProducer" | "addReader">,
): void {
  if (metrics.addReader !== undefined) {
    metrics.addReader(reader);
    return;
  }
  const producer = metrics.createProducer(temporalityOf(reader));
  reader.setMetricProducer({
    async collect(options) {
      const result = await producer.collect(options);
      return { ...result, resourceMetrics: withoutSummaries(result.resourceMetrics) };
    },
  });
}

/** `AggregationTemporality.DELTA` of the SDK. */
const DELTA = 0;

/** Returns the preference that is nearest to what the reader selects by instrument. */
function temporalityOf(reader: MetricReader): MetricsConfig["temporality"] {
  const isDelta = (instrument: string): boolean =>
    reader.selectAggregationTemporality?.(instrument) === DELTA;
  if (!isDelta("COUNTER")) return "cumulative";
  return isDelta("OBSERVABLE_COUNTER") ? "delta" : "lowmemory";
}

/** Exporters of the SDK don't know the type of a summary. */
function withoutSummaries(metrics: ResourceMetrics): ResourceMetrics {
  const scopeMetrics = metrics.scopeMetrics.map((scope) => ({
    ...scope,
    metrics: scope.metrics.filter(({ dataPointType }) => (dataPointType as unknown) !== SUMMARY),
  }));
  return { ...metrics, scopeMetrics };
}
