import type { BatchConfig } from "../config.ts";
import type { EnvironmentReader } from "../environment-reader.ts";
import * as table from "../variables.ts";

const DEFAULT_BATCH_SIZE = 512;

/** Reads the settings of a batch processor, whose batches are not larger than its queue. */
export function readBatch(reader: EnvironmentReader, rows: table.BatchVariables): BatchConfig {
  const maxQueueSize = reader.read(rows.maxQueueSize);
  const size = reader.read(rows.maxExportBatchSize);
  if (size !== undefined && size > maxQueueSize) {
    reader.report(rows.maxExportBatchSize, {
      expected: `at most ${rows.maxQueueSize.name} (${maxQueueSize})`,
      used: String(maxQueueSize),
    });
  }
  return {
    maxQueueSize,
    maxBatchSize: Math.min(size ?? DEFAULT_BATCH_SIZE, maxQueueSize),
    delayMs: reader.read(rows.scheduleDelay),
    exportTimeoutMs: reader.read(rows.exportTimeout),
  };
}

const DEFAULT_METRIC_TIMEOUT_MS = 30_000;

/** Limits the timeout to the interval, as the SDK's periodic reader does, so that exports don't overlap. */
export function readMetricTimeout(reader: EnvironmentReader, intervalMs: number): number {
  const timeoutMs = reader.read(table.metricTimeout);
  if (timeoutMs !== undefined && timeoutMs > intervalMs) {
    reader.report(table.metricTimeout, {
      expected: `at most OTEL_METRIC_EXPORT_INTERVAL (${intervalMs})`,
      used: String(intervalMs),
    });
  }
  return Math.min(timeoutMs ?? DEFAULT_METRIC_TIMEOUT_MS, intervalMs);
}
