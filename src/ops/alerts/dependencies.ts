import type { Matcher } from "../prometheus/promql.ts";
import { increaseBy, rateBy, ratio } from "../prometheus/rate-queries.ts";
import { dependencyRunbook } from "../runbooks/dependencies.ts";
import type { Alert } from "./alert.ts";
import { counter, lengthOf } from "./scenario.ts";
import { partScenarios } from "./scenario-sets.ts";

const CALLS = "http_client_request_duration_seconds_count";
/** Statuses of 5xx, and errors without a response. A status of 4xx is the caller's own. */
const FAILED: Matcher = ["error_type", "=~", "5..|[^1-5].*"];
const by = ["job", "server_address"];
const call = {
  job: "shop",
  instance: "a",
  server_address: "payments",
  http_request_method: "POST",
};

/** Alerts on the services that a service calls. */
export const dependencyAlerts: readonly Alert[] = [
  {
    name: "DependencyFails",
    subject: "dependencies",
    severity: "warning",
    meaning: "The part of the outgoing calls to a host that failed, by 5xx or without a response.",
    threshold: {
      value: 0.05,
      unit: "ratio",
      fires: "above",
      reason: "More than repeated calls can make up for.",
    },
    window: "5m",
    for: "5m",
    by,
    value: (context) => ratio(rateBy(by, CALLS, context, FAILED), rateBy(by, CALLS, context)),
    events: {
      minimum: 20,
      reason: "One failure of fewer calls is more than 5%.",
      expr: (context) => increaseBy(by, CALLS, context),
    },
    summary:
      "{{ $value | humanizePercentage }} of the calls from {{ $labels.job }} to {{ $labels.server_address }} fail",
    action: "Check the state of the dependency; turn off what needs it, if the app can",
    runbook: dependencyRunbook,
    panel: "Failed calls by host",
    scenarios: (context) => {
      const minutes = lengthOf(context);
      const refused = { ...call, http_response_status_code: "404", error_type: "404" };
      const { silent, ...others } = partScenarios(
        context,
        {
          counted: [CALLS, { ...call, error_type: "ECONNREFUSED" }],
          others: [CALLS, { ...call, http_response_status_code: "200" }],
        },
        { job: "shop", server_address: "payments" },
      );
      const own = {
        title: "calls that the caller got wrong",
        minutes,
        series: [counter(CALLS, refused, 600, minutes)],
      };
      return { ...others, silent: [...silent, own] };
    },
  },
];
