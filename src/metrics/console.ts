import { ConsoleMetricExporter, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ExportResult, TelemetryExporter } from "../export/telemetry-exporter.ts";

/** Creates the SDK's exporter for `OTEL_METRICS_EXPORTER=console`. */
export function createConsoleMetricExporter(): TelemetryExporter<ResourceMetrics> {
  const exporter = new ConsoleMetricExporter();
  const result: ExportResult = { delivered: true, rejected: 0, retryAfterMs: 0 };
  const write = (metrics: ResourceMetrics): void => exporter.export(metrics, () => {});
  return {
    export: async (metrics) => {
      write(metrics);
      return result;
    },
    cancel: () => true,
    // At process exit: printed at once, without a request to send.
    createExitRequest: (metrics, onResult) => {
      write(metrics);
      onResult(true, 0);
      return undefined;
    },
  };
}
