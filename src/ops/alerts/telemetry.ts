import { type Matcher, selector } from "../prometheus/promql.ts";
import { increaseBy, ratio } from "../prometheus/rate-queries.ts";
import {
  collectorRunbook,
  notificationRunbook,
  overflowRunbook,
  telemetryLossRunbook,
} from "../runbooks/telemetry.ts";
import type { Alert, Runbook } from "./alert.ts";
import type { Severity } from "./alert-settings.ts";
import { counter, gauge, lengthOf, nothing, type Series } from "./scenario.ts";
import { counterScenarios, scenariosOf } from "./scenario-sets.ts";

const CREATED = "telltale_telemetry_created_total";
const DROPPED = "telltale_telemetry_dropped_total";
/** What is left out on purpose is no loss. */
const LOST: Matcher = ["telltale_drop_reason", "!~", "unsampled|filtered|repeated"];

const process = { job: "shop", instance: "a" };
const signalLabels = ["job", "telltale_signal"];

/** Alerts on telemetry itself: what a process loses, the Collector, Prometheus and Alertmanager. */
export const telemetryAlerts: readonly Alert[] = [
  {
    name: "TelemetryLost",
    subject: "telemetry",
    severity: "warning",
    meaning: "The part of the spans, log records or events of a service that was lost.",
    threshold: {
      value: 0.01,
      unit: "ratio",
      fires: "above",
      reason: "An error whose trace is missing costs more time than this alert.",
    },
    window: "15m",
    for: "5m",
    by: signalLabels,
    value: (context) =>
      ratio(
        increaseBy(signalLabels, DROPPED, context, LOST),
        `(${increaseBy(signalLabels, CREATED, context)} > 0)`,
      ),
    summary:
      "{{ $labels.job }} loses {{ $value | humanizePercentage }} of its {{ $labels.telltale_signal }}",
    action: "Check the Collector, or Sentry: /healthz of the process has the reason",
    runbook: telemetryLossRunbook,
    panel: "Telemetry lost",
    scenarios: (context) =>
      scenariosOf(context, { job: "shop", telltale_signal: "spans" }, (value, minutes) => {
        const spans = { ...process, telltale_signal: "spans" };
        const dropped = (reason: string, each: number): Series =>
          counter(DROPPED, { ...spans, telltale_drop_reason: reason }, each, minutes);
        return [
          counter(CREATED, spans, 6000, minutes),
          dropped("queue_full", 6000 * value),
          dropped("unsampled", 3000),
        ];
      }),
  },
  {
    name: "MetricSeriesOverflow",
    subject: "telemetry",
    severity: "warning",
    meaning: "Measurements of a metric within an hour that had no series of their own.",
    threshold: {
      value: 0,
      unit: "number",
      fires: "above",
      reason: "An attribute has too many values: an id, an address, a path.",
    },
    window: "1h",
    for: "0s",
    by: ["job", "telltale_metric_name"],
    value: (context) =>
      increaseBy(["job", "telltale_metric_name"], "telltale_metric_overflows_total", context),
    summary: "{{ $labels.telltale_metric_name }} of {{ $labels.job }} has too many series",
    action: "Find the attribute whose values have no limit, and leave it out",
    runbook: overflowRunbook,
    panel: "Measurements without a series",
    scenarios: (context) => {
      const labels = { ...process, telltale_metric_name: "shop.orders" };
      const metric = "telltale_metric_overflows_total";
      const minutes = lengthOf(context);
      const { noTraffic } = counterScenarios(context, { metric, labels, seconds: 60 }, {});
      return {
        fires: [
          {
            title: "some measurements",
            minutes,
            series: [counter(metric, labels, 1 + context.threshold, minutes)],
            firing: { job: "shop", telltale_metric_name: "shop.orders" },
          },
        ],
        silent: [
          { title: "none since hours", minutes, series: [gauge(metric, labels, 100, minutes)] },
        ],
        noTraffic,
      };
    },
  },
  lossAlert({
    name: "CollectorRefuses",
    severity: "warning",
    meaning: "Items a second that a Collector refuses to take.",
    reason: "Its limit of memory is reached, or a queue is full.",
    metrics: ["spans", "metric_points", "log_records"].map(
      (signal) => `otelcol_receiver_refused_${signal}_total`,
    ),
    by: ["instance", "receiver"],
    labels: { job: "collector", instance: "collector:8888", receiver: "otlp" },
    summary: "The Collector {{ $labels.instance }} refuses {{ $value | humanize }} items a second",
    action: "Give it memory or add Collectors, after a look at its back ends",
    runbook: collectorRunbook,
    panel: "Items refused by the Collector",
  }),
  lossAlert({
    name: "CollectorLoses",
    severity: "critical",
    meaning: "Items a second that a Collector could not deliver, and has dropped.",
    reason: "Its back end refuses them, or was down for longer than the queue lasts.",
    metrics: ["send_failed", "enqueue_failed"].flatMap((event) =>
      ["spans", "metric_points", "log_records"].map(
        (signal) => `otelcol_exporter_${event}_${signal}_total`,
      ),
    ),
    by: ["instance", "exporter"],
    labels: { job: "collector", instance: "collector:8888", exporter: "otlp_http" },
    summary:
      "The Collector {{ $labels.instance }} loses {{ $value | humanize }} items a second to {{ $labels.exporter }}",
    action: "Check the back end of the exporter, its credentials and limits",
    runbook: collectorRunbook,
    panel: "Items lost by the Collector",
  }),
  {
    name: "CollectorQueueFills",
    subject: "telemetry",
    severity: "warning",
    meaning: "The part of a queue of a Collector that is used.",
    threshold: {
      value: 0.5,
      unit: "ratio",
      fires: "above",
      reason: "Its back end is down or too slow; once it is full, items are lost.",
    },
    for: "5m",
    by: ["instance", "exporter"],
    value: () =>
      ratio(
        "sum by (instance, exporter) (otelcol_exporter_queue_size)",
        "sum by (instance, exporter) (otelcol_exporter_queue_capacity > 0)",
      ),
    summary:
      "{{ $labels.exporter }} of {{ $labels.instance }} uses {{ $value | humanizePercentage }} of its queue",
    action: "Check the back end of the exporter",
    inhibitedBy: ["CollectorLoses"],
    runbook: collectorRunbook,
    panel: "Queues of the Collector",
    scenarios: (context) => {
      const labels = { job: "collector", instance: "collector:8888", exporter: "otlp_http" };
      const { job: _, ...firing } = labels;
      return scenariosOf(context, firing, (value, minutes) => [
        gauge("otelcol_exporter_queue_size", labels, value * 1000, minutes),
        gauge("otelcol_exporter_queue_capacity", labels, 1000, minutes),
      ]);
    },
  },
  lossAlert({
    name: "NotificationsFail",
    severity: "critical",
    meaning: "Messages a second that Alertmanager could not deliver.",
    reason: "Whatever fires now reaches no one.",
    metrics: ["alertmanager_notifications_failed_total"],
    by: ["integration"],
    labels: { job: "alertmanager", instance: "alertmanager:9093", integration: "slack" },
    summary: "Alertmanager can't deliver messages by {{ $labels.integration }}",
    action: "Read the log of Alertmanager: address, secret or limit of the receiver",
    runbook: notificationRunbook,
    panel: "Messages that were not delivered",
  }),
  lossAlert({
    name: "RuleEvaluationFails",
    severity: "warning",
    meaning: "Evaluations of rules a second that failed.",
    reason: "Its alerts can't fire, and nothing else reports it.",
    metrics: ["prometheus_rule_evaluation_failures_total"],
    by: ["instance", "rule_group"],
    labels: {
      job: "prometheus",
      instance: "prometheus:9090",
      rule_group: "alerts.yaml;telltale-requests",
    },
    summary: "Rules of {{ $labels.rule_group }} fail",
    action: "Read the page /rules of Prometheus: it has the error of each rule",
    runbook: notificationRunbook,
    panel: "Rules that fail",
  }),
];

interface LossAlert extends Pick<
  Alert,
  "name" | "meaning" | "by" | "summary" | "action" | "panel"
> {
  readonly severity: Severity;
  readonly runbook: Runbook;
  readonly reason: string;
  readonly metrics: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Returns an alert on counters that stay the same while all is well. */
function lossAlert({ reason, metrics, labels, ...alert }: LossAlert): Alert {
  const [first = ""] = metrics;
  return {
    ...alert,
    subject: "telemetry",
    threshold: { value: 0, unit: "number", fires: "above", reason },
    window: "5m",
    for: "5m",
    value: ({ window }) => {
      const rates = metrics.map((metric) => `rate(${selector(metric, [])}[${window}])`);
      return `sum by (${alert.by.join(", ")}) (\n    ${rates.join("\n  or\n    ")}\n)`;
    },
    scenarios: (context) => {
      const minutes = lengthOf(context);
      const firing = Object.fromEntries(
        Object.entries(labels).filter(([label]) => alert.by.includes(label)),
      );
      return {
        fires: metrics.map((metric) => ({
          title: `while ${metric} grows`,
          minutes,
          series: [counter(metric, labels, 6 + context.threshold * 120, minutes)],
          firing,
        })),
        silent: [{ title: "once, long ago", minutes, series: [gauge(first, labels, 5, minutes)] }],
        noTraffic: [
          { title: "nothing lost", minutes, series: [gauge(first, labels, 0, minutes)] },
          nothing(minutes),
        ],
      };
    },
  };
}
