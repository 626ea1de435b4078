import { ConsoleMetricExporter, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ExportResult, OtlpExporter } from "../export/otlp-exporter.ts";

/** `OTEL_METRICS_EXPORTER=console`: the SDK's exporter, for looking at what there is. */
export function createConsoleMetricExporter(): OtlpExporter<ResourceMetrics> {
  const exporter = new ConsoleMetricExporter();
  const result: ExportResult = { delivered: true, rejected: 0, retryAfterMs: 0 };
  const write = (metrics: ResourceMetrics): void => exporter.export(metrics, () => {});
  return {
    export: async (metrics) => {
      write(metrics);
      return result;
    },
    cancel: () => true,
    // At the end of the process: written at once, there is nothing to deliver.
    createExitRequest: (metrics, onResult) => {
      write(metrics);
      onResult(true, 0);
      return undefined;
    },
  };
}
