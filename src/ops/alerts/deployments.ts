import { reportRunbook, deploymentRunbook } from "../runbooks/deployments.ts";
import type { Pairs } from "../prometheus/rule-file.ts";
import type { Alert, AlertScenarios } from "./alert.ts";
import type { AlertContext } from "./alert-settings.ts";
import {
  appearing,
  counter,
  gauge,
  lengthOf,
  nothing,
  type Scenario,
  type Series,
} from "./scenario.ts";

const process = { job: "shop", instance: "a" };
const COUNT = "http_server_request_duration_seconds_count";
const SAMPLE_MINUTES = 5;
const HOUR_MINUTES = 60;
const DAY_MINUTES = 24 * HOUR_MINUTES;

/** Messages rather than alerts: what was deployed, and how the day and the week were. */
export const deploymentAlerts: readonly Alert[] = [
  {
    name: "DeploymentCompleted",
    subject: "deployments",
    severity: "info",
    meaning: "Processes of a version that did not run ten minutes ago.",
    threshold: {
      value: 0,
      unit: "number",
      fires: "above",
      reason: "The first one is enough.",
      isFixed: true,
    },
    window: "10m",
    for: "0s",
    by: ["job", "service_version"],
    value: ({ series, window }) => {
      const versions = `count by (job, service_version) (${series("target_info", ["service_version", "!=", ""])})`;
      const before = `count by (job) (${series("target_info")} offset ${window})`;
      return `${versions}\nunless\n${versions.replace("})", `} offset ${window})`)}\nand on (job)\n${before}`;
    },
    summary: "{{ $labels.service_version }} of {{ $labels.job }} runs",
    action: "Watch errors and durations for a while",
    runbook: deploymentRunbook,
    panel: "Processes by version",
    scenarios: versionScenarios,
  },
  summaryAlert("DailySummary", {
    window: "1d",
    meaning: "The requests of a service within the last day. Fires once a day, at 9:00 UTC.",
    condition: "hour() == 9 and minute() < 10",
    period: "day",
    starts: [9 * HOUR_MINUTES, 8 * HOUR_MINUTES],
  }),
  summaryAlert("WeeklyReport", {
    window: "1w",
    meaning: "The requests of a service within the last week. Fires on Mondays, at 9:00 UTC.",
    condition: "day_of_week() == 1 and hour() == 9 and minute() < 10",
    period: "week",
    // The made data begin on a Thursday, at midnight.
    starts: [4 * DAY_MINUTES + 9 * HOUR_MINUTES, 3 * DAY_MINUTES + 9 * HOUR_MINUTES],
  }),
];

function versionScenarios(context: AlertContext): AlertScenarios {
  const minutes = lengthOf(context);
  const before = minutes - 5;
  const scenario = (title: string, ...series: readonly Series[]): Scenario => {
    return { title, minutes, series };
  };
  const added = (labels: Pairs): Series => appearing("target_info", labels, 1, [before, 10]);
  const running = (labels: Pairs): Series => gauge("target_info", labels, 1, minutes);
  const ending = { metric: "target_info", labels: version("1.0.0"), values: `1x${before} stale` };
  const firing = { job: "shop", service_version: "1.1.0" };
  return {
    fires: [{ ...scenario("after another version", ending, added(version("1.1.0"))), firing }],
    silent: [
      scenario("while the same version runs", running(version("1.0.0"))),
      scenario(
        "by processes without a version",
        ...[running(version("1.0.0")), added({ ...process, instance: "b" })],
      ),
      scenario(
        "of a service that was never there",
        ...[running({ ...version("1.0.0"), job: "payments" }), added(version("1.0.0"))],
      ),
    ],
    noTraffic: [nothing(minutes)],
  };
}

function version(text: string): Pairs {
  return { ...process, service_version: text };
}

interface Summary extends Pick<Alert, "meaning"> {
  readonly window: string;
  /** PromQL that has a result at the time of the message. */
  readonly condition: string;
  readonly period: string;
  /** Minutes after which it fires, and does not fire. */
  readonly starts: readonly [fires: number, silent: number];
}

function summaryAlert(name: string, { condition, period, starts, ...alert }: Summary): Alert {
  const failed = `${COUNT}{job='{{ $labels.job }}',http_response_status_code=~'5..'}`;
  return {
    ...{ ...alert, name },
    subject: "deployments",
    severity: "info",
    threshold: {
      value: 0,
      unit: "number",
      fires: "above",
      reason: "A service without requests has nothing to report.",
      isFixed: true,
    },
    for: "0s",
    by: ["job"],
    dependsOnCalendar: true,
    value: ({ series, window }) =>
      `sum by (job) (increase(${series(COUNT)}[${window}]))\nand on ()\n(vector(1) and ${condition})`,
    summary: `{{ $labels.job }} had {{ $value | humanize }} requests this ${period}`,
    action: `Failed: {{ with query "sum(increase(${failed}[${alert.window}]))" }}{{ . | first | value | humanize }}{{ else }}none{{ end }}. telltale report has the rest`,
    runbook: reportRunbook,
    panel: `Requests of the last ${period}`,
    scenarios: () => summaryScenarios(starts),
  };
}

function summaryScenarios([fires, silent]: Summary["starts"]): AlertScenarios {
  const later = requestsUntil("later in the same hour", fires + 30, 10);
  return {
    fires: [{ ...requestsUntil("at its time", fires, 10), firing: { job: "shop" } }],
    // At 9:00 and 9:05.
    silent: [requestsUntil("at another time", silent, 10), { ...later, fired: 2 }],
    noTraffic: [requestsUntil("no requests", fires, 0)],
  };
}

function requestsUntil(title: string, start: number, requests: number): Scenario {
  const minutes = start + SAMPLE_MINUTES;
  const labels = { ...process, http_response_status_code: "200" };
  return {
    ...{ title, minutes, interval: SAMPLE_MINUTES },
    series: [counter(COUNT, labels, requests, minutes / SAMPLE_MINUTES)],
  };
}
