import { JsonMetricsSerializer } from "@opentelemetry/otlp-transformer";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";

/**
 * Serializes an `ExportMetricsServiceRequest` as JSON with the SDK's serializer, which
 * writes numbers unchanged. So NaN and the infinities are first replaced by the
 * strings of protobuf's JSON mapping: as `null` they would make a Collector reject
 * the whole request.
 */
export function serializeJsonMetrics(payload: ResourceMetrics): Uint8Array | undefined {
  return JsonMetricsSerializer.serializeRequest({
    ...payload,
    scopeMetrics: payload.scopeMetrics.map((part) => ({
      ...part,
      metrics: part.metrics.map((metric) => ({
        ...metric,
        dataPoints: metric.dataPoints.map(({ value, ...point }) => ({
          ...point,
          value: typeof value === "number" ? jsonNumber(value) : jsonHistogram(value),
        })),
      })) as typeof part.metrics,
    })),
  });
}

/** Fields of a histogram that may not be finite. */
interface HistogramNumbers {
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
}

function jsonHistogram(value: HistogramNumbers): object {
  const { sum, min, max } = value;
  return { ...value, sum: jsonNumber(sum), min: jsonNumber(min), max: jsonNumber(max) };
}

function jsonNumber(value: number | undefined): number | string | undefined {
  return value === undefined || Number.isFinite(value) ? value : `${value}`;
}
