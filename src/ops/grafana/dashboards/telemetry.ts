import type { OpsOptions } from "../../options/ops-options.ts";
import { rateBy } from "../../prometheus/rate-queries.ts";
import type { Dashboard, Panel, Query, Row } from "../dashboard.ts";
import { line } from "../queries.ts";
import { selected } from "../selection.ts";
import { serviceVariables } from "../variables.ts";

const SIGNAL = "{{job}} {{telltale_signal}}";
const bySignal = ["job", "telltale_signal"];

/** What becomes of telemetry: created, sent, dropped, queued; and the Collector. */
export function telemetryDashboard(options: OpsOptions): Dashboard {
  return {
    name: "telemetry",
    title: "Telemetry",
    description: "Whether telemetry arrives: what is created, sent, dropped and queued.",
    variables: serviceVariables(options),
    rows: [accountRow, limitRow, collectorRow],
  };
}

const accountRow: Row = {
  title: "Spans, log records and events",
  panels: [
    ...(["created", "sent"] as const).map((step): Panel => ({
      title: step === "created" ? "Created" : "Sent",
      description:
        step === "created"
          ? "Spans, log records and events per second. Created ones are sent, dropped or queued."
          : "What receivers took, per second.",
      view: "timeseries",
      unit: "events per second",
      queries: [line(rateBy(bySignal, `telltale_telemetry_${step}_total`, selected), SIGNAL)],
    })),
    {
      title: "Dropped by reason",
      description: "What was lost, or sampled out, per second.",
      view: "timeseries",
      unit: "events per second",
      queries: [
        line(
          `${rateBy([...bySignal, "telltale_drop_reason"], "telltale_telemetry_dropped_total", selected)} > 0`,
          `${SIGNAL} {{telltale_drop_reason}}`,
        ),
      ],
      silent: { reason: "Nothing was dropped." },
    },
    {
      title: "Queued",
      description: "What waits to be sent. It grows if the receiver is slow or down.",
      view: "timeseries",
      unit: "number",
      queries: [
        line(
          `sum by (job, telltale_signal) (${selected.series("telltale_telemetry_queued")})`,
          SIGNAL,
        ),
      ],
    },
    {
      title: "Used queue",
      description: "The part of the queues that is used. At 100%, telemetry is dropped.",
      view: "timeseries",
      unit: "ratio",
      queries: [queueUse("span", "spans"), queueUse("log", "log records")],
      silent: { reason: "Nothing is exported by OTLP." },
    },
    {
      title: "Failed exports",
      description: "Spans and log records per second that a receiver did not take, by the error.",
      view: "timeseries",
      unit: "events per second",
      queries: [failedExports("span", "spans"), failedExports("log", "log records")],
      silent: { reason: "No export has failed." },
    },
    {
      title: "Time spent on exports",
      description: "The part of the time in which exports kept the event loop busy.",
      view: "timeseries",
      unit: "ratio",
      queries: [line(rateBy(bySignal, "telltale_telemetry_time_seconds_total", selected), SIGNAL)],
    },
  ],
};

function queueUse(signal: "span" | "log", legend: string): Query {
  const level = (what: string): string =>
    `sum by (job, instance) (${selected.series(`otel_sdk_processor_${signal}_queue_${what}`)})`;
  return line(`${level("size")}\n/\n${level("capacity")}`, `{{job}} {{instance}} ${legend}`);
}

function failedExports(signal: "span" | "log", legend: string): Query {
  const metric = `otel_sdk_exporter_${signal}_exported_total`;
  const rate = rateBy(["job", "error_type"], metric, selected, ["error_type", "!=", ""]);
  return line(`${rate} > 0`, `{{job}} ${legend} {{error_type}}`);
}

const limitRow: Row = {
  title: "Limits",
  panels: [
    {
      title: "Series over the limit",
      description:
        "Measurements per second that found no place for a new series, by metric: an attribute has too many values.",
      view: "timeseries",
      unit: "events per second",
      width: 12,
      queries: [
        line(
          rateBy(["job", "telltale_metric_name"], "telltale_metric_overflows_total", selected),
          "{{job}} {{telltale_metric_name}}",
        ),
      ],
      silent: { reason: "No metric has reached its limit of series." },
    },
    {
      title: "Lines below their level",
      description: "Lines per second of TELLTALE_LOG_BUFFER, by what became of them.",
      view: "timeseries",
      unit: "events per second",
      width: 12,
      queries: [
        line(
          rateBy(
            ["job", "telltale_log_buffer_outcome"],
            "telltale_log_buffer_lines_total",
            selected,
          ),
          "{{job}} {{telltale_log_buffer_outcome}}",
        ),
      ],
      silent: { reason: "TELLTALE_LOG_BUFFER is not set." },
    },
  ],
};

const noCollector: Pick<Panel, "silent"> = {
  silent: { reason: "Prometheus does not scrape the metrics of a Collector." },
};

/** The Collector is no selected service: all of its instances are shown. */
const collectorRow: Row = {
  title: "Collector",
  panels: [
    {
      title: "Received by the Collector",
      description: "Spans, log records and points per second that its receivers accepted.",
      view: "timeseries",
      unit: "events per second",
      ...noCollector,
      queries: perItem("receiver", "receiver_accepted"),
    },
    {
      title: "Sent by the Collector",
      description: "Spans, log records and points per second that its back ends took.",
      view: "timeseries",
      unit: "events per second",
      ...noCollector,
      queries: perItem("exporter", "exporter_sent"),
    },
    {
      title: "Refused and lost by the Collector",
      description: "What was refused at its memory limit, and what its back ends did not take.",
      view: "timeseries",
      unit: "events per second",
      ...noCollector,
      queries: [
        ...perItem("receiver", "receiver_refused"),
        ...perItem("exporter", "exporter_send_failed"),
        ...perItem("exporter", "exporter_enqueue_failed"),
      ],
    },
    {
      title: "Used queue of the Collector",
      description: "The part of the queue of each back end that is used.",
      view: "timeseries",
      unit: "ratio",
      ...noCollector,
      queries: [
        line(
          "sum by (instance, exporter) (otelcol_exporter_queue_size)\n/\nsum by (instance, exporter) (otelcol_exporter_queue_capacity)",
          "{{instance}} {{exporter}}",
        ),
      ],
    },
    {
      title: "Memory of the Collector",
      description: "Resident memory of each instance.",
      view: "timeseries",
      unit: "bytes",
      ...noCollector,
      queries: [line("max by (instance) (otelcol_process_memory_rss_bytes)", "{{instance}}")],
    },
    {
      title: "CPU of the Collector",
      description: "Seconds of CPU time in each second: 1 is one core.",
      view: "timeseries",
      unit: "number",
      ...noCollector,
      queries: [
        line(
          "sum by (instance) (rate(otelcol_process_cpu_seconds_total[$__rate_interval]))",
          "{{instance}}",
        ),
      ],
    },
  ],
};

function perItem(component: string, what: string): readonly [Query, ...Query[]] {
  const of = (items: string): Query =>
    line(
      `sum by (${component}) (rate(otelcol_${what}_${items}_total[$__rate_interval]))`,
      `{{${component}}} ${what.replace(/^[a-z]+_/, "").replace("_", " ")} ${items.replace("_", " ")}`,
    );
  return [of("spans"), of("log_records"), of("metric_points")];
}
