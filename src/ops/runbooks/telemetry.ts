import type { Runbook } from "../alerts/alert.ts";

/** When a process loses telemetry. */
export const telemetryLossRunbook: Runbook = {
  users: "Nothing. Traces, log lines or errors are missing when you need them.",
  queries: [
    {
      question: "Which signal, for which reason?",
      expr: "sum by (job, telltale_signal, telltale_drop_reason) (increase(telltale_telemetry_dropped_total[15m]))",
    },
    {
      question: "How much waits?",
      expr: "sum by (job, telltale_signal) (telltale_telemetry_queued)",
    },
    {
      question: "Does the Collector take it?",
      expr: "sum by (instance, receiver) (rate(otelcol_receiver_refused_spans_total[5m]))",
    },
  ],
  causes: [
    "The Collector, or Sentry, is down or not reachable.",
    "It refuses: credentials, a limit, a quota.",
    "More telemetry than the queue holds: lower the sampling ratio.",
  ],
  steps: [
    "Read /healthz of the process: the last error of each signal.",
    "Check the receiver: address, certificate, credentials, limits.",
    "Lower OTEL_TRACES_SAMPLER_ARG if there is simply too much.",
  ],
};

/** When a metric has too many series. */
export const overflowRunbook: Runbook = {
  users: "Nothing. A part of the measurements has lost its attributes.",
  queries: [
    {
      question: "Which metric?",
      expr: "topk(10, sum by (job, telltale_metric_name) (increase(telltale_metric_overflows_total[1h])))",
    },
    {
      question: "How many series does the scrape have?",
      expr: "topk(10, max by (job, instance) (scrape_samples_scraped))",
    },
    {
      question: "Did a version start at that time?",
      expr: "count by (job, service_version) (target_info)",
    },
  ],
  causes: [
    "An attribute with an id, an e-mail address or a whole path as its value.",
    "Routes without a template, so that each URL is one.",
  ],
  steps: [
    "Find the attribute: the line on stderr names the metric.",
    "Leave it out in code, or by TELLTALE_METRICS_DROP_ATTRIBUTES.",
    "Restart the process: the limit holds for its whole life.",
  ],
};

/** When a Collector refuses or loses telemetry. */
export const collectorRunbook: Runbook = {
  users: "Nothing. Traces, metrics or log lines of all services behind it are missing.",
  queries: [
    {
      question: "Which exporter fails?",
      expr: "sum by (instance, exporter) (rate(otelcol_exporter_send_failed_spans_total[5m]))",
    },
    {
      question: "How full are its queues?",
      expr: "otelcol_exporter_queue_size / otelcol_exporter_queue_capacity",
    },
    {
      question: "How much memory does it use?",
      expr: "otelcol_process_memory_rss_bytes",
    },
  ],
  causes: [
    "The back end is down, slow, or refuses: credentials, a limit, a quota.",
    "The Collector has too little memory for the traffic.",
  ],
  steps: [
    "Read the log of the Collector: it has the error of the exporter.",
    "Check the back end.",
    "Give the Collector memory, or start another one.",
  ],
};

/** When alerting itself fails. */
export const notificationRunbook: Runbook = {
  users: "Nothing. The next incident may reach no one.",
  queries: [
    {
      question: "Which integration fails?",
      expr: "sum by (integration) (rate(alertmanager_notifications_failed_total[15m]))",
    },
    {
      question: "Which rules fail?",
      expr: "sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total[15m]))",
    },
    {
      question: "Does Prometheus reach Alertmanager?",
      expr: "prometheus_notifications_alertmanagers_discovered",
    },
  ],
  causes: [
    "A secret that has expired, or a channel that was deleted.",
    "The network from Alertmanager to the receiver.",
    "A rule that was changed by hand.",
  ],
  steps: [
    "Read the log of Alertmanager, or the page /rules of Prometheus.",
    "Send a message by hand: amtool alert add test severity=critical.",
    "Write the rules again: telltale ops --check shows what was changed.",
  ],
};
