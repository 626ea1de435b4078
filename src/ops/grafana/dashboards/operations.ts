import type { OpsOptions } from "../../options/ops-options.ts";
import { selector } from "../../prometheus/promql.ts";
import { rateBy } from "../../prometheus/rate-queries.ts";
import type { Dashboard, Row } from "../dashboard.ts";
import { logsLink } from "../links.ts";
import { line, lineWithTraces, percentile } from "../queries.ts";
import { processes, selected } from "../selection.ts";
import { serviceVariables } from "../variables.ts";
import { errorRatio } from "./application.ts";

const DURATION = "http_server_request_duration_seconds";

/** All services on one page: for a screen on the wall, and the first look at night. */
export function operationsDashboard(options: OpsOptions): Dashboard {
  return {
    name: "operations",
    title: "Operations",
    description: "All services: objectives, firing alerts, traffic, errors and deployments.",
    variables: serviceVariables(options),
    rows: [stateRow, trafficRow, deploymentRow],
  };
}

/** Alerts of the selected services, and those of none. The one that always fires shows no problem. */
const firing = selector("ALERTS", [
  ["alertstate", "=", "firing"],
  ["alertname", "!=", "Watchdog"],
  ["service", "=~", "$job|"],
]);

const noRules = { reason: "Prometheus loads no rules of objectives, or there was no traffic." };

const stateRow: Row = {
  title: "State",
  panels: [
    {
      title: "Error budget left by objective",
      description: "1 is all of it. Below 0 the objective is missed.",
      view: "stat",
      unit: "ratio",
      width: 6,
      queries: [
        line(
          "min by (sloth_service, sloth_slo) (slo:period_error_budget_remaining:ratio)",
          "{{sloth_service}} {{sloth_slo}}",
        ),
      ],
      silent: noRules,
    },
    {
      title: "Firing alerts by severity",
      description: "Alerts that fire, of the selected services.",
      view: "stat",
      unit: "number",
      width: 6,
      queries: [line(`count by (severity) (${firing})`, "{{severity}}")],
      noValue: "none",
      silent: { reason: "No alert fires." },
    },
    {
      title: "Processes by service",
      description: "Processes that report metrics.",
      view: "stat",
      unit: "number",
      width: 6,
      queries: [line(processes, "{{job}}")],
    },
    {
      title: "Ready processes",
      description: "The part of the processes that are ready for traffic, by /readyz.",
      view: "stat",
      unit: "ratio",
      width: 6,
      queries: [line(`avg by (job) (${selected.series("telltale_health_ready")})`, "{{job}}")],
    },
    {
      title: "Firing alerts",
      description: "Alerts that fire at the end of the time range, of the selected services.",
      view: "table",
      unit: "number",
      width: 24,
      queries: [line(`sum by (alertname, severity, service, team) (${firing})`, "Alerts")],
      noValue: "none",
      silent: { reason: "No alert fires." },
    },
  ],
};

const trafficRow: Row = {
  title: "Traffic",
  panels: [
    {
      title: "Requests",
      description: "Requests per second.",
      view: "timeseries",
      unit: "requests per second",
      queries: [line(rateBy(["job"], `${DURATION}_count`, selected), "{{job}}")],
      links: [logsLink],
    },
    {
      title: "Failed requests",
      description: "The part of the requests with a status of 5xx. 0 as long as none has failed.",
      view: "timeseries",
      unit: "ratio",
      queries: [line(errorRatio(["job"]), "{{job}}")],
      links: [logsLink],
    },
    {
      title: "Duration of requests, p95",
      description: "95% of the requests take less. The points are example traces.",
      view: "timeseries",
      unit: "seconds",
      queries: [lineWithTraces(percentile(0.95, ["job"], DURATION, selected), "{{job}}")],
    },
  ],
};

const deploymentRow: Row = {
  title: "Deployments",
  panels: [
    {
      title: "Processes by version",
      description: "Processes of each version. A deployment replaces one by another.",
      view: "timeseries",
      unit: "number",
      isStacked: true,
      width: 12,
      queries: [
        line(
          `count by (job, service_version) (${selected.series("target_info")})`,
          "{{job}} {{service_version}}",
        ),
      ],
    },
    {
      title: "Restarts of processes",
      description: "Restarts within the interval of a point.",
      view: "timeseries",
      unit: "number",
      width: 12,
      queries: [
        line(
          `sum by (job) (resets(${selected.series("process_uptime_seconds")}[${selected.window}]))`,
          "{{job}}",
        ),
      ],
    },
  ],
};
