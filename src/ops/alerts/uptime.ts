import { minutesOf } from "../prometheus/duration.ts";
import { type Matcher, selector } from "../prometheus/promql.ts";
import {
  certificateRunbook,
  healthCheckRunbook,
  probeRunbook,
  readinessRunbook,
  serviceDownRunbook,
  watchdogRunbook,
} from "../runbooks/uptime.ts";
import type { Alert } from "./alert.ts";
import { change, gauge, lengthOf, nothing, type Scenario, type Series } from "./scenario.ts";

const process = { job: "shop", instance: "a" };
const url = { job: "blackbox-http", instance: "https://shop.example/healthz" };
const PROBES: Matcher = ["job", "=", "blackbox-http"];
const DAY = 86_400;

/** Alerts on services that are down, not ready or not reachable. */
export const uptimeAlerts: readonly Alert[] = [
  stateAlert({
    name: "ServiceDown",
    severity: "critical",
    meaning: "Whether the last scrape of a process succeeded: 1 or 0.",
    reason: "The process is down, or so busy that it does not answer.",
    for: "1m",
    by: ["job", "instance"],
    metric: "up",
    labels: process,
    summary: "{{ $labels.instance }} of {{ $labels.job }} does not answer",
    action: "Check whether the process runs; read its last lines, and restart it",
    runbook: serviceDownRunbook,
    panel: "Processes that answer",
  }),
  {
    name: "ServiceGone",
    subject: "uptime",
    severity: "critical",
    meaning: "The number of processes of a service that sent metrics within half an hour.",
    threshold: {
      value: 1,
      unit: "number",
      fires: "below",
      reason: "There is none left. Metrics by OTLP have no scrape that could fail.",
      isFixed: true,
    },
    window: "30m",
    for: "5m",
    by: ["job"],
    value: ({ series, window }) => {
      const info = series("target_info");
      return `count by (job) (${info})\nor\n0 * count by (job) (last_over_time(${info}[${window}]))`;
    },
    summary: "{{ $labels.job }} sends no metrics any more",
    action: "Check whether it runs; if it was removed for good, mute the alert for half an hour",
    inhibitedBy: ["ServiceDown"],
    runbook: serviceDownRunbook,
    panel: "Processes with metrics",
    scenarios: (context) => {
      const minutes = lengthOf(context);
      const info = { ...process, service_version: "1.0.0" };
      const ending: Series = {
        metric: "target_info",
        labels: info,
        values: `1x10 stale _x${minutes}`,
      };
      return {
        fires: [
          {
            title: "after its last process ended",
            minutes: 17 + minutesOf(context.for),
            series: [ending],
            firing: { job: "shop" },
          },
        ],
        silent: [
          {
            title: "while another process runs",
            minutes,
            series: [ending, gauge("target_info", { ...info, instance: "b" }, 1, minutes)],
          },
        ],
        noTraffic: [nothing(minutes)],
      };
    },
  },
  stateAlert({
    name: "ReadinessFails",
    severity: "critical",
    meaning: "Whether a process is ready for traffic (/readyz): 1 or 0.",
    reason: "It gets no traffic from a load balancer while it is not ready.",
    for: "2m",
    by: ["job", "instance"],
    metric: "telltale_health_ready",
    labels: process,
    summary: "{{ $labels.instance }} of {{ $labels.job }} is not ready",
    action: "Read /readyz: it has the check that fails, and the reason",
    inhibitedBy: ["ServiceDown"],
    runbook: readinessRunbook,
    panel: "Readiness",
  }),
  stateAlert({
    name: "HealthCheckFails",
    severity: "warning",
    meaning: "Whether a health check of the app passes: 1 or 0.",
    reason: "The app itself has found out that it can't work as it should.",
    for: "2m",
    by: ["job", "instance", "telltale_health_check_name"],
    metric: "telltale_health_check_passing",
    labels: { ...process, telltale_health_check_name: "database" },
    summary: "The check {{ $labels.telltale_health_check_name }} of {{ $labels.job }} fails",
    action: "Read /healthz: it has the reason",
    inhibitedBy: ["ReadinessFails", "ServiceDown"],
    runbook: healthCheckRunbook,
    panel: "Health checks",
  }),
  stateAlert({
    name: "ProbeFails",
    severity: "critical",
    meaning: "Whether the last request from outside succeeded: 1 or 0.",
    reason: "What users see, whatever the service itself reports.",
    for: "3m",
    by: ["instance"],
    metric: "probe_success",
    matchers: [PROBES],
    labels: url,
    others: { ...url, job: "other" },
    summary: "{{ $labels.instance }} is not reachable from outside",
    action: "Request the address by hand; then check DNS, certificate, load balancer and service",
    runbook: probeRunbook,
    panel: "Requests from outside",
  }),
  {
    name: "CertificateExpires",
    subject: "uptime",
    severity: "warning",
    meaning: "The time until the certificate of an address expires.",
    threshold: {
      value: 14 * DAY,
      unit: "seconds",
      fires: "below",
      reason: "Renewal usually happens 30 days before: two weeks of it have failed.",
    },
    for: "1h",
    by: ["instance"],
    value: () => 'min by (instance) (probe_ssl_earliest_cert_expiry{job="blackbox-http"} - time())',
    summary: "The certificate of {{ $labels.instance }} expires in {{ $value | humanizeDuration }}",
    action: "Renew it, and find out why that did not happen by itself",
    runbook: certificateRunbook,
    panel: "Validity of certificates",
    scenarios: (context) => {
      const minutes = lengthOf(context);
      const expiring = (title: string, seconds: number): Scenario => ({
        ...{ title, minutes },
        series: [gauge("probe_ssl_earliest_cert_expiry", url, seconds, minutes)],
      });
      const { threshold } = context;
      const rest = minutes * 60;
      return {
        fires: [{ ...expiring("below", threshold - 60), firing: { instance: url.instance } }],
        silent: [
          expiring("just above the threshold", threshold * 1.05 + rest),
          {
            title: "in probes of others",
            minutes,
            series: [
              gauge("probe_ssl_earliest_cert_expiry", { ...url, job: "other" }, 60, minutes),
            ],
          },
        ],
        noTraffic: [nothing(minutes)],
      };
    },
  },
  {
    name: "Watchdog",
    subject: "uptime",
    severity: "info",
    meaning: "Always 1. The alert always fires; if it does not arrive, alerting itself is down.",
    threshold: {
      value: 0,
      unit: "number",
      fires: "above",
      reason: "A receiver outside expects it regularly, and notices its absence.",
      isFixed: true,
    },
    for: "0s",
    by: [],
    value: () => "vector(1)",
    summary: "Alerts are delivered",
    action: "None: this alert has to fire",
    runbook: watchdogRunbook,
    panel: "Watchdog",
    scenarios: () => ({
      fires: [{ ...nothing(5), title: "always", firing: {} }],
      silent: [],
      noTraffic: [],
    }),
  },
];

interface StateAlert
  extends
    Pick<
      Alert,
      "name" | "severity" | "meaning" | "for" | "by" | "summary" | "action" | "inhibitedBy"
    >,
    Pick<Alert, "runbook" | "panel"> {
  readonly reason: string;
  readonly metric: string;
  readonly matchers?: readonly Matcher[];
  readonly labels: Readonly<Record<string, string>>;
  /** Labels of series that the alert does not select. */
  readonly others?: Readonly<Record<string, string>>;
}

/** Returns an alert on a metric that is 1 while all is well, and 0 otherwise. */
function stateAlert(state: StateAlert): Alert {
  const { reason, metric, matchers = [], labels, others, ...alert } = state;
  return {
    ...alert,
    subject: "uptime",
    threshold: { value: 1, unit: "number", fires: "below", reason, isFixed: true },
    value: ({ series }) => {
      const selected = alert.by.includes("job") ? series(metric) : selector(metric, matchers);
      return `min by (${alert.by.join(", ")}) (${selected})`;
    },
    scenarios: (context) => {
      const minutes = lengthOf(context);
      const failing = { title: "while it is 0", minutes: minutes + 5 };
      const firing = Object.fromEntries(
        Object.entries(labels).filter(([label]) => alert.by.includes(label)),
      );
      return {
        fires: [{ ...failing, series: [change(metric, labels, [1, 4], [0, minutes])], firing }],
        silent: [
          {
            title: "while it is 1",
            minutes,
            series: [
              gauge(metric, labels, 1, minutes),
              ...(others === undefined ? [] : [gauge(metric, others, 0, minutes)]),
            ],
          },
        ],
        noTraffic: [nothing(minutes)],
      };
    },
  };
}
