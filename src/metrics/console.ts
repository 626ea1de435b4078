import { ConsoleMetricExporter, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { Outcome, Sender } from "../export/sender.ts";

/** `OTEL_METRICS_EXPORTER=console`: the SDK's exporter, for looking at what there is. */
export function createConsoleSender(): Sender<ResourceMetrics> {
  const exporter = new ConsoleMetricExporter();
  const outcome: Outcome = { delivered: true, rejected: 0, holdMs: 0 };
  const write = (metrics: ResourceMetrics): void => exporter.export(metrics, () => {});
  return {
    send: async (metrics) => {
      write(metrics);
      return outcome;
    },
    abandon: () => true,
    // At the end of the process: written at once, there is nothing to deliver.
    request: (metrics, settle) => {
      write(metrics);
      settle(true, 0);
      return undefined;
    },
  };
}
