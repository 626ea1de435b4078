import { bucketLimit, type Matcher, oneOf, selector } from "../../prometheus/promql.ts";
import type { RequestSelection } from "../objective.ts";
import { type EventQueries, serviceMatchers } from "./query.ts";

/** The histogram of docs/metrics.md, whose count is that of the requests. */
const DURATION = "http_server_request_duration_seconds";

/** Statuses of the server's errors, and of all other responses. */
const FAILED: Matcher = ["http_response_status_code", "=~", "5.."];
const ANSWERED: Matcher = ["http_response_status_code", "=~", "[1-4].."];

/** Returns the queries of requests that fail with a status of 5xx. */
export function availabilityQueries(selection: RequestSelection): EventQueries {
  const all = increase("count", selection, []);
  return {
    events: { expr: all, comment: ["All requests within 5 minutes."] },
    failedEvents: {
      expr: [increase("count", selection, [FAILED]), "or", `0 * ${all}`].join("\n"),
      comment: [
        "Responses with a status of 5xx. Their series does not exist before the first one,",
        "which is no failure, and not unknown: hence the zero, by the series of all requests.",
      ],
    },
  };
}

/** Returns the queries of requests that take longer than a bucket's limit, in seconds. */
export function latencyQueries(selection: RequestSelection, seconds: number): EventQueries {
  const all = increase("count", selection, [ANSWERED]);
  const fast = increase("bucket", selection, [ANSWERED, bucketLimit(seconds)]);
  return {
    events: {
      expr: all,
      comment: [
        "Requests within 5 minutes, without those that failed: a fast error is not good, a",
        "slow one counts once, in the objective of availability.",
      ],
    },
    failedEvents: {
      expr: ["clamp_min(", `  ${all}`, `  - ${fast},`, "  0", ")"].join("\n"),
      comment: [
        `Requests that took more than ${seconds} s: all without those in the buckets up to there.`,
        "`increase` extrapolates each series by itself, so a difference may be just below zero.",
      ],
    },
  };
}

/** Sums by job, since the name of the service is there on each path of the metrics. */
function increase(
  part: "count" | "bucket",
  selection: RequestSelection,
  matchers: readonly Matcher[],
): string {
  const series = selector(`${DURATION}_${part}`, [...selectionMatchers(selection), ...matchers]);
  return `sum by (${requestLabels(selection).join(", ")}) (increase(${series}[5m]))`;
}

/** Returns the labels by which requests have several budgets. */
export function requestLabels({ routes, byRoute }: RequestSelection): readonly string[] {
  return routes.length > 0 || byRoute ? ["job", "http_route"] : ["job"];
}

function selectionMatchers({ service, routes, byRoute }: RequestSelection): Matcher[] {
  const matchers: Matcher[] = [...serviceMatchers(service)];
  if (routes.length > 0) matchers.push(oneOf("http_route", routes));
  else if (byRoute) matchers.push(["http_route", "!=", ""]);
  return matchers;
}
