import type { Alert, Subject } from "../alerts/alert.ts";
import { contextOf } from "../alerts/alert-context.ts";
import { limitOf } from "../alerts/alert-rule.ts";
import { alertsOf } from "../alerts/alerts.ts";
import type { OpsOptions } from "../options/ops-options.ts";
import { type Matcher, selector } from "../prometheus/promql.ts";
import { subjectDashboards } from "./alert-panel.ts";
import type { Dashboard, Panel, Row } from "./dashboard.ts";
import { logsLink } from "./links.ts";
import { line } from "./queries.ts";
import { selectionMatchers } from "./selection.ts";

/** Returns a dashboard with a row of the alerts on its subject, each with its own panel. */
export function withAlerts(dashboard: Dashboard, options: OpsOptions): Dashboard {
  const alerts = alertsOf(options).filter(
    ({ subject }) => subjectDashboards[subject] === dashboard.name,
  );
  if (alerts.length === 0) return dashboard;
  const panels = alerts.map((alert) => alertPanel(alert, options));
  const row: Row = { title: "Alerts", panels };
  return { ...dashboard, rows: [...dashboard.rows, row] };
}

/** Draws the value of an alert as its rule computes it, and the threshold. */
function alertPanel(alert: Alert, options: OpsOptions): Panel {
  const context = contextOf(alert, options);
  const { fires } = alert.threshold;
  const duration = context.for === "0s" ? "" : ` for ${context.for}`;
  const { runbooks } = options.links;
  const runbook = runbooks === undefined ? undefined : `${runbooks}/${alert.name}.md`;
  return {
    title: `${alert.name}: ${alert.panel}`,
    description: [
      `**${alert.name}**, ${context.severity}. ${alert.meaning} It fires ${fires} ${limitOf(alert, context)}${duration}.`,
      runbook === undefined ? `Runbook: runbooks/${alert.name}.md` : `[Runbook](${runbook})`,
    ].join("\n\n"),
    view: "timeseries",
    unit: alert.threshold.unit,
    queries: [line(alert.value({ ...context, series: selectedSeries }), legendOf(alert))],
    threshold: { value: context.threshold, fires },
    alert: alert.name,
    ...silenceOf(alert),
    links: [
      ...(runbook === undefined ? [] : [{ title: `Runbook of ${alert.name}`, url: runbook }]),
      logsLink,
    ],
  };
}

/** Series of the selected services instead of those of the options: the rest is the rule's. */
function selectedSeries(metric: string, ...matchers: readonly Matcher[]): string {
  return selector(metric, [...selectionMatchers, ...matchers]);
}

function legendOf({ by, name }: Alert): string {
  return by.length === 0 ? name : by.map((label) => `{{${label}}}`).join(" ");
}

/** Why the value may not exist, although all is well. That of `Watchdog` is always there. */
function silenceOf({ name, subject }: Alert): Pick<Panel, "silent"> {
  if (name === "Watchdog") return {};
  return { silent: { reason: silentReasonsByAlert[name] ?? silentReasons[subject] } };
}

/** Why there may be no value of the alerts on a subject. */
const silentReasons: Readonly<Record<Subject, string>> = {
  requests: "The service has no requests, or none of this kind.",
  errors: "There was no exception.",
  databases: "The service uses no database, or its driver does not measure this.",
  caches: "The service uses no cache.",
  queues: "The service uses no queue whose size its client knows.",
  dependencies: "The service calls no other one, or no call has failed.",
  runtime: "This kind of runtime metrics is disabled.",
  host: "The process does not run on Linux.",
  uptime: "The service has no metrics of its health.",
  business: "The app has counted nothing yet, or nothing a week ago.",
  telemetry: "There is no Collector.",
  deployments: "No version is new.",
  slo: "Prometheus loads no rules of objectives.",
};

/** Those of alerts for which the reason of their subject is not the right one, by their names. */
export const silentReasonsByAlert: Readonly<Record<string, string>> = {
  TrafficFalls: "The service has no requests, or had none a week ago.",
  RateLimitHits: "The service has no rate limiter, or none that telltale measures.",
  JobsFail: "The service runs no jobs.",
  MessagesFail: "The service processes no messages.",
  ServiceDown: "Metrics are pushed: nothing is scraped.",
  ServiceGone: "No service has had metrics within the last 30 minutes.",
  HealthCheckFails: "The app has no health checks.",
  ProbeFails: "Nothing is probed from outside.",
  CertificateExpires: "Nothing is probed from outside by HTTPS.",
  TelemetryLost: "The service has created no telemetry.",
  MetricSeriesOverflow: "No metric has had too many series.",
  CollectorRefuses: "There is no Collector, or it has refused nothing.",
  CollectorLoses: "There is no Collector, or it has lost nothing.",
  NotificationsFail: "Prometheus does not scrape Alertmanager, or no message was lost.",
  RuleEvaluationFails: "Prometheus does not scrape itself.",
  DeploymentCompleted: "No service runs a version that it did not run ten minutes ago.",
  DailySummary: "It has a value for ten minutes each day, from 9:00 UTC.",
  WeeklyReport: "It has a value for ten minutes each Monday, from 9:00 UTC.",
};
