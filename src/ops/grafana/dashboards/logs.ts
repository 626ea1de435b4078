import type { OpsOptions } from "../../options/ops-options.ts";
import type { Matcher } from "../../prometheus/promql.ts";
import { rateBy } from "../../prometheus/rate-queries.ts";
import type { Dashboard, Row } from "../dashboard.ts";
import { type LogQueries, logQueries } from "../log-queries.ts";
import { line } from "../queries.ts";
import { selected } from "../selection.ts";
import { logVariables, serviceVariables } from "../variables.ts";

const LOGS: Matcher = ["telltale_signal", "=", "logs"];

const silent = { reason: "Lines are not collected, or none matches." };

/** Lines by level, the search by text and by trace, and what became of log records. */
export function logDashboard(options: OpsOptions): Dashboard {
  const queries = logQueries(options);
  return {
    name: "logs",
    title: "Logs",
    description: "Lines of the selected services: by level, by text and by trace.",
    variables: [
      ...serviceVariables(options),
      ...logVariables(options),
      { kind: "text", name: "text", label: "Text" },
      { kind: "text", name: "trace_id", label: "Trace id" },
    ],
    rows: [lineRow(queries), recordRow],
  };
}

function lineRow({ linesByLevel, errorsByService, foundLines }: LogQueries): Row {
  return {
    title: "Lines",
    panels: [
      {
        title: "Lines by level",
        description: "Lines within the interval of a point.",
        view: "timeseries",
        unit: "number",
        isStacked: true,
        width: 12,
        silent,
        queries: [linesByLevel],
      },
      {
        title: "Error lines by service",
        description: "Lines at level error and above, within the interval of a point.",
        view: "timeseries",
        unit: "number",
        width: 12,
        silent,
        queries: [errorsByService],
      },
      {
        title: "Lines found",
        description:
          "Lines with the text and the trace id at the top. A line with a trace id links to its trace.",
        view: "logs",
        unit: "number",
        width: 24,
        silent,
        queries: [foundLines],
      },
    ],
  };
}

const recordRow: Row = {
  title: "Log records",
  panels: [
    {
      title: "Log records created",
      description: "Log records per second that the services created for export.",
      view: "timeseries",
      unit: "events per second",
      width: 12,
      queries: [line(rateBy(["job"], "otel_sdk_log_created_total", selected), "{{job}}")],
      silent: { reason: "OTEL_LOGS_EXPORTER is none." },
    },
    {
      title: "Log records dropped",
      description: "Log records per second that were lost, by the reason.",
      view: "timeseries",
      unit: "events per second",
      width: 12,
      queries: [
        line(
          `${rateBy(["job", "telltale_drop_reason"], "telltale_telemetry_dropped_total", selected, LOGS)} > 0`,
          "{{job}} {{telltale_drop_reason}}",
        ),
      ],
      silent: { reason: "No log record was dropped." },
    },
  ],
};
