import type { Matcher } from "../prometheus/promql.ts";
import { increaseBy, percentileBy, rateBy, ratio } from "../prometheus/rate-queries.ts";
import type { Pairs } from "../prometheus/rule-file.ts";
import {
  errorRunbook,
  rateLimitRunbook,
  slowRequestRunbook,
  trafficRunbook,
} from "../runbooks/requests.ts";
import type { Alert, AlertScenarios } from "./alert.ts";
import type { AlertContext } from "./alert-settings.ts";
import { counterScenarios, partScenarios, percentileScenarios } from "./scenario-sets.ts";
import { fallingScenarios } from "./week-scenarios.ts";

const DURATION = "http_server_request_duration_seconds";
const FAILED: Matcher = ["http_response_status_code", "=~", "5.."];
const HITS = "telltale_rate_limit_hits_total";

const process = { job: "shop", instance: "a" };
const route = { ...process, http_request_method: "GET", http_route: "/orders" };

/** Enough requests for a percentile, by `events`. */
const requestsInWindow = (context: AlertContext): string =>
  increaseBy(["job"], `${DURATION}_count`, context);

/** Alerts on the requests of HTTP servers. */
export const requestAlerts: readonly Alert[] = [
  errorRatioAlert({
    name: "HighErrorRatio",
    severity: "critical",
    percent: 5,
    reason: "One request of twenty: most users notice within a few clicks.",
    for: "2m",
    // The last failed requests are exceptions, too, and more than 1% of all.
    keepFiringFor: "2m",
    panel: "Error ratio",
    inhibitedBy: ["DatabaseUnreachable", "RedisUnreachable"],
  }),
  errorRatioAlert({
    name: "ElevatedErrorRatio",
    severity: "warning",
    percent: 1,
    reason: "Ten times the budget of an objective of 99.9%, and worth a look by day.",
    // A higher ratio has its own alert by then.
    for: "5m",
    panel: "Error ratio, warning",
    inhibitedBy: ["HighErrorRatio"],
  }),
  {
    name: "SlowRequests",
    subject: "requests",
    severity: "warning",
    meaning: "The duration that 95% of the requests of a service stay below.",
    threshold: {
      value: 2,
      unit: "seconds",
      fires: "above",
      reason: "People notice a second, and leave after a few.",
    },
    window: "5m",
    for: "10m",
    by: ["job"],
    value: (context) => percentileBy(0.95, ["job"], DURATION, context),
    events: {
      minimum: 20,
      reason: "One slow request of fewer is the percentile.",
      expr: requestsInWindow,
    },
    summary: "{{ $labels.job }} takes {{ $value | humanizeDuration }} for its slowest requests",
    action: "Open a slow trace: the longest span without children is where the time goes",
    inhibitedBy: ["HighErrorRatio", "DatabaseUnreachable", "RedisUnreachable"],
    runbook: slowRequestRunbook,
    panel: "Duration of requests, p95",
    scenarios: (context) =>
      percentileScenarios(
        context,
        { metric: DURATION, labels: route, percentile: 0.95 },
        { job: "shop" },
      ),
  },
  {
    name: "TrafficFalls",
    subject: "requests",
    severity: "warning",
    meaning: "The requests of a service now, compared with those at the same time a week ago.",
    threshold: {
      value: 0.4,
      unit: "ratio",
      fires: "below",
      reason: "Weeks differ, by holidays too; less than half is rarely one of them.",
    },
    window: "15m",
    for: "15m",
    by: ["job"],
    value: (context) =>
      ratio(
        rateBy(["job"], `${DURATION}_count`, context),
        `sum by (job) (rate(${context.series(`${DURATION}_count`)}[${context.window}] offset 1w))`,
      ),
    events: {
      minimum: 300,
      reason: "Requests a week ago; a service with fewer has gaps of its own.",
      expr: (context) =>
        `sum by (job) (increase(${context.series(`${DURATION}_count`)}[${context.window}] offset 1w))`,
    },
    summary: "{{ $labels.job }} has {{ $value | humanizePercentage }} of last week's requests",
    action: "Check from outside whether users reach the service: DNS, load balancer, certificate",
    dependsOnCalendar: true,
    inhibitedBy: ["ServiceGone"],
    runbook: trafficRunbook,
    panel: "Requests compared with last week",
    scenarios: (context) => fallingScenarios(context, `${DURATION}_count`, route),
  },
  {
    name: "RateLimitHits",
    subject: "requests",
    severity: "warning",
    meaning: "Requests within a minute that a rate limiter of the service refused.",
    threshold: {
      value: 100,
      unit: "number",
      fires: "above",
      reason: "A single client with a retry loop makes that many; people don't.",
    },
    window: "5m",
    for: "5m",
    by: ["job"],
    value: (context) => `${rateBy(["job"], HITS, context)} * 60`,
    summary:
      "{{ $labels.job }} refuses {{ $value | humanize }} requests a minute by its rate limits",
    action: "Find out whether one client or many are refused, and on which route",
    runbook: rateLimitRunbook,
    panel: "Rate limit hits per minute",
    scenarios: (context) => {
      const labels = { ...route, telltale_rate_limit_limiter: "express-rate-limit" };
      return counterScenarios(context, { metric: HITS, labels, seconds: 60 }, { job: "shop" });
    },
  },
];

interface ErrorRatio extends Pick<
  Alert,
  "name" | "severity" | "for" | "keepFiringFor" | "panel" | "inhibitedBy"
> {
  readonly percent: number;
  readonly reason: string;
}

function errorRatioAlert({ percent, reason, ...alert }: ErrorRatio): Alert {
  return {
    ...alert,
    subject: "requests",
    meaning: "The part of all requests of a service that failed with a status of 5xx.",
    threshold: { value: percent / 100, unit: "ratio", fires: "above", reason },
    window: "5m",
    by: ["job"],
    value: (context) =>
      ratio(
        rateBy(["job"], `${DURATION}_count`, context, FAILED),
        rateBy(["job"], `${DURATION}_count`, context),
      ),
    events: {
      minimum: 20,
      reason: "One failure of fewer requests is more than 5%.",
      expr: requestsInWindow,
    },
    summary: "{{ $value | humanizePercentage }} of the requests to {{ $labels.job }} fail",
    action: "Look at the newest errors and at what was deployed last; roll back if in doubt",
    runbook: errorRunbook,
    scenarios: errorScenarios,
  };
}

function errorScenarios(context: AlertContext): AlertScenarios {
  const parts = { counted: requestsWith("500"), others: requestsWith("200") };
  return partScenarios(context, parts, { job: "shop" });
}

function requestsWith(status: string): readonly [metric: string, labels: Pairs] {
  return [`${DURATION}_count`, { ...route, http_response_status_code: status }];
}
