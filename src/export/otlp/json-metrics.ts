import { JsonMetricsSerializer } from "@opentelemetry/otlp-transformer";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";

/**
 * `ExportMetricsServiceRequest` in JSON by the SDK's writer, which passes numbers
 * on as they are: NaN and the infinities have to be the texts already that
 * protobuf's JSON mapping has for them, or they end as `null`, for which a
 * Collector refuses the whole request.
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

/** What of a histogram may be no finite number. */
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
