import { JsonMetricsSerializer } from "@opentelemetry/otlp-transformer";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";

/**
 * `ExportMetricsServiceRequest` in JSON by the SDK's writer, which passes numbers
 * on as they are: NaN and the infinities have to be the texts already that
 * protobuf's JSON mapping has for them, or they end as `null`, for which a
 * Collector refuses the whole request.
 */
export function jsonMetrics(payload: ResourceMetrics): Uint8Array | undefined {
  return JsonMetricsSerializer.serializeRequest({
    ...payload,
    scopeMetrics: payload.scopeMetrics.map((part) => ({
      ...part,
      metrics: part.metrics.map((metric) => ({
        ...metric,
        dataPoints: metric.dataPoints.map(({ value, ...point }) => ({
          ...point,
          value: typeof value === "number" ? writable(value) : writableParts(value),
        })),
      })) as typeof part.metrics,
    })),
  });
}

/** What of a histogram may be no finite number. */
interface Parts {
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
}

function writableParts(value: Parts): object {
  const { sum, min, max } = value;
  return { ...value, sum: writable(sum), min: writable(min), max: writable(max) };
}

function writable(value: number | undefined): number | string | undefined {
  return value === undefined || Number.isFinite(value) ? value : `${value}`;
}
