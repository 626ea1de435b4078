import {
  allMetrics,
  oddLabels,
  sampleNamesOf,
  spanMetrics,
} from "../../collector/contract/rows.ts";
import type { GeneratedExpression } from "./generated-expressions.ts";
import { labelsOf } from "./promql-tree.ts";

/** Labels by the names of series. */
export type KnownSeries = ReadonlyMap<string, ReadonlySet<string>>;

/** Labels that Prometheus or the Collector give to all series. */
export const COMMON_LABELS: readonly string[] = ["job", "instance", "__name__"];

/** Resource attributes that are labels of `target_info`, on all paths. */
const RESOURCE_LABELS = [
  "service_version",
  "deployment_environment_name",
  "process_runtime_version",
  "telemetry_distro_version",
  "host_name",
];

/**
 * Series of other programs, with their labels: Prometheus, Alertmanager, the Collector and
 * the blackbox exporter. Their names can't be compared with docs/metrics.md.
 */
const foreignSeries: Readonly<Record<string, readonly string[]>> = {
  up: [],
  ALERTS: ["alertname", "alertstate", "severity", "service", "team"],
  ALERTS_FOR_STATE: ["alertname", "severity", "service", "team"],
  scrape_duration_seconds: [],
  scrape_samples_scraped: [],
  target_info: RESOURCE_LABELS,
  probe_success: [],
  probe_duration_seconds: [],
  probe_http_status_code: [],
  probe_http_ssl: [],
  probe_http_duration_seconds: ["phase"],
  probe_ssl_earliest_cert_expiry: [],
  otelcol_exporter_queue_size: ["exporter", "data_type"],
  otelcol_exporter_queue_capacity: ["exporter", "data_type"],
  ...telemetryOf("otelcol_receiver_refused", ["receiver", "transport"]),
  ...telemetryOf("otelcol_receiver_accepted", ["receiver", "transport"]),
  ...telemetryOf("otelcol_exporter_sent", ["exporter"]),
  ...telemetryOf("otelcol_exporter_send_failed", ["exporter"]),
  ...telemetryOf("otelcol_exporter_enqueue_failed", ["exporter"]),
  otelcol_process_cpu_seconds_total: [],
  otelcol_process_memory_rss_bytes: [],
  otelcol_process_uptime_seconds_total: [],
  alertmanager_notifications_total: ["integration"],
  alertmanager_notifications_failed_total: ["integration", "reason"],
  alertmanager_config_last_reload_successful: [],
  prometheus_rule_evaluation_failures_total: ["rule_group"],
  prometheus_rule_group_last_duration_seconds: ["rule_group"],
  prometheus_rule_group_interval_seconds: ["rule_group"],
  prometheus_rule_group_iterations_missed_total: ["rule_group"],
  prometheus_notifications_alertmanagers_discovered: [],
  prometheus_notifications_dropped_total: [],
  prometheus_notifications_errors_total: ["alertmanager"],
  prometheus_config_last_reload_successful: [],
  prometheus_tsdb_head_series: [],
  prometheus_target_scrapes_sample_out_of_order_total: [],
};

function telemetryOf(prefix: string, labels: readonly string[]): Record<string, readonly string[]> {
  const kinds = ["spans", "metric_points", "log_records"];
  return Object.fromEntries(kinds.map((kind) => [`${prefix}_${kind}_total`, labels]));
}

/** Returns the series of docs/metrics.md and of other programs. */
export function documentedSeries(): KnownSeries {
  const known = new Map<string, ReadonlySet<string>>();
  for (const row of [...allMetrics, ...spanMetrics]) {
    const attributes = [...row.labels, ...(row.failureLabels ?? [])];
    const labels = attributes.map((label) => oddLabels[label]?.page ?? label.replaceAll(".", "_"));
    for (const name of sampleNamesOf(row)) {
      const le = name.endsWith("_bucket") ? ["le"] : [];
      known.set(name, new Set([...COMMON_LABELS, ...labels, ...le]));
    }
  }
  for (const [name, labels] of Object.entries(foreignSeries)) {
    known.set(name, new Set([...COMMON_LABELS, ...labels]));
  }
  return known;
}

/** Returns known series with those that rules record. */
export function withRecorded(
  known: KnownSeries,
  expressions: readonly GeneratedExpression[],
): KnownSeries {
  const all = new Map(known);
  const records = expressions.filter(({ use }) => use === "record");
  for (const { name } of records) all.set(name, new Set());
  // A rule may use series of rules that stand after it: as many passes as labels take.
  for (let isComplete = false; !isComplete;) {
    isComplete = true;
    for (const { name, expr, labels } of records) {
      const before = all.get(name)!;
      const found = labelsOf(expr, (series) => all.get(series) ?? []);
      const after = new Set([...before, ...Object.keys(labels), ...found]);
      all.set(name, after);
      if (after.size > before.size) isComplete = false;
    }
  }
  return all;
}
