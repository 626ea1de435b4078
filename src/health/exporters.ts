import type { HealthCheckResult } from "../api.ts";
import type { Config } from "../config/config.ts";
import type {
  SignalCounters,
  TelemetryCounters,
  SignalName,
} from "../diagnostics/telemetry-counters.ts";
import type { OwnCheck } from "./reports.ts";

/** Fill level from which a queue is about to drop items. */
const QUEUE_WARN_RATIO = 0.8;

/** Creates a check for each exported signal, and for the log files. An unreachable collector is a warning, never a failure. */
export function exporterChecks(config: Config, counters: TelemetryCounters): OwnCheck[] {
  const { traces, logs, metrics, errors, profiling } = config;
  const rows: readonly (readonly [SignalName, boolean, number | undefined])[] = [
    ["spans", traces.exporters.includes("otlp"), traces.batch.maxQueueSize],
    ["logs", logs.exporters.includes("otlp"), logs.batch.maxQueueSize],
    ["metrics", metrics.exporters.includes("otlp"), undefined],
    ["log_lines", logs.files !== undefined, undefined],
    ["profiles", profiling?.continuous !== undefined, undefined],
    ["events", (errors.dsn ?? errors.spotlight) !== undefined, undefined],
  ];
  return rows
    .filter(([, isExported]) => isExported)
    .map(([signal, , capacity]) => ({
      name: signal === "log_lines" ? "log_files" : `export_${signal}`,
      run: () => checkCounters(counters[signal], capacity),
    }));
}

function checkCounters(counters: SignalCounters, capacity: number | undefined): HealthCheckResult {
  const { created, sent, queued, droppedTotal, lastSentAt, lastFailedAt, pausedUntil } = counters;
  const fill = capacity === undefined ? 0 : queued / capacity;
  const failing = lastFailedAt !== undefined && lastFailedAt > (lastSentAt ?? 0);
  const paused = pausedUntil > Date.now();
  return {
    status: failing || paused || fill >= QUEUE_WARN_RATIO ? "warn" : "pass",
    detail: {
      created,
      sent,
      dropped: droppedTotal,
      queued,
      ...(capacity !== undefined && { capacity }),
      ...(lastSentAt !== undefined && { last_success: timeOf(lastSentAt) }),
      ...(lastFailedAt !== undefined && { last_failure: timeOf(lastFailedAt) }),
      ...(paused && { paused_until: timeOf(pausedUntil) }),
    },
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
