import type { OpsOptions } from "../../options/ops-options.ts";
import type { Matcher } from "../../prometheus/promql.ts";
import { rateBy } from "../../prometheus/rate-queries.ts";
import type { Dashboard, Panel, Row } from "../dashboard.ts";
import { logsLink } from "../links.ts";
import { line, lineWithTraces, partOf, percentile, percentiles } from "../queries.ts";
import { selected, zeroWhere } from "../selection.ts";
import { serviceVariables } from "../variables.ts";

const DURATION = "http_server_request_duration_seconds";
const COUNT = `${DURATION}_count`;
const CALLS = "http_client_request_duration_seconds";
const FAILED: Matcher = ["http_response_status_code", "=~", "5.."];
const byRoute = ["http_request_method", "http_route"];
const ROUTE = "{{http_request_method}} {{http_route}}";
const CALL = "{{job}} to {{server_address}}";

/** Rate, errors and duration of the requests of services, overall and by route. */
export function applicationDashboard(options: OpsOptions): Dashboard {
  return {
    name: "application",
    title: "Application",
    description: "Requests of HTTP servers: how many, how many fail, and how long they take.",
    variables: serviceVariables(options),
    rows: [overview, requestRow, routeRow, callRow, limitRow],
  };
}

/** Returns the part of the requests that failed. 0 as long as none has failed. */
export function errorRatio(labels: readonly string[]): string {
  const all = rateBy(labels, COUNT, selected);
  return partOf(`(\n${zeroWhere(rateBy(labels, COUNT, selected, FAILED), all)}\n)`, all);
}

const overview: Row = {
  title: "Overview",
  panels: [
    {
      title: "Requests now",
      description: "Requests per second.",
      view: "stat",
      unit: "requests per second",
      width: 6,
      queries: [line(rateBy(["job"], COUNT, selected), "{{job}}")],
    },
    {
      title: "Failed requests now",
      description: "The part of the requests with a status of 5xx.",
      view: "stat",
      unit: "ratio",
      width: 6,
      queries: [line(errorRatio(["job"]), "{{job}}")],
    },
    {
      title: "Duration now, p95",
      description: "95% of the requests take less.",
      view: "stat",
      unit: "seconds",
      width: 6,
      queries: [line(percentile(0.95, ["job"], DURATION, selected), "{{job}}")],
    },
    {
      title: "Requests in flight",
      description: "Requests that have begun and not ended. It grows if something waits.",
      view: "stat",
      unit: "number",
      width: 6,
      queries: [
        line(`sum by (job) (${selected.series("http_server_active_requests")})`, "{{job}}"),
      ],
    },
  ],
};

const requestRow: Row = {
  title: "Requests",
  panels: [
    {
      title: "Requests by status",
      description: "Requests per second, by the status of the response.",
      view: "timeseries",
      unit: "requests per second",
      isStacked: true,
      queries: [
        line(
          rateBy(["job", "http_response_status_code"], COUNT, selected),
          "{{job}} {{http_response_status_code}}",
        ),
      ],
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
      title: "Duration of requests",
      description: "Half, 95% and 99% of the requests take less. The points are example traces.",
      view: "timeseries",
      unit: "seconds",
      queries: percentiles(["job"], DURATION, "{{job}}"),
      links: [logsLink],
    },
  ],
};

const routeRow: Row = {
  title: "Routes",
  panels: [
    {
      title: "Requests by route",
      description: "Requests per second. Requests that match no route are one line without a name.",
      view: "timeseries",
      unit: "requests per second",
      queries: [line(rateBy(byRoute, COUNT, selected), ROUTE)],
    },
    {
      title: "Failed requests by route",
      description: "The part of the requests of a route with a status of 5xx.",
      view: "timeseries",
      unit: "ratio",
      queries: [line(errorRatio(byRoute), ROUTE)],
      links: [logsLink],
    },
    {
      title: "Duration by route, p95",
      description: "95% of the requests of a route take less. The points are example traces.",
      view: "timeseries",
      unit: "seconds",
      queries: [lineWithTraces(percentile(0.95, byRoute, DURATION, selected), ROUTE)],
    },
    {
      title: "Routes now",
      description: "Each route at the end of the time range.",
      view: "table",
      unit: "number",
      width: 24,
      queries: [
        {
          ...line(rateBy(["job", ...byRoute], COUNT, selected), "Requests"),
          unit: "requests per second",
        },
        { ...line(errorRatio(["job", ...byRoute]), "Failed"), unit: "ratio" },
        {
          ...line(percentile(0.5, ["job", ...byRoute], DURATION, selected), "p50"),
          unit: "seconds",
        },
        {
          ...line(percentile(0.95, ["job", ...byRoute], DURATION, selected), "p95"),
          unit: "seconds",
        },
        {
          ...line(percentile(0.99, ["job", ...byRoute], DURATION, selected), "p99"),
          unit: "seconds",
        },
      ],
    },
    {
      title: "Size of responses, p95",
      description: "95% of the bodies of a route are smaller.",
      view: "timeseries",
      unit: "bytes",
      width: 12,
      queries: [
        line(percentile(0.95, byRoute, "http_server_response_body_size_bytes", selected), ROUTE),
      ],
    },
    {
      title: "Queries by request, p95",
      description:
        "Queries of databases in one request. Many of them are often one query for each row of another one.",
      view: "timeseries",
      unit: "number",
      width: 12,
      queries: [line(percentile(0.95, byRoute, "telltale_request_queries", selected), ROUTE)],
      silent: { reason: "No request uses a database." },
    },
  ],
};

const noCalls: Pick<Panel, "silent"> = { silent: { reason: "The service calls no other one." } };

const callRow: Row = {
  title: "Calls to other services",
  panels: [
    {
      title: "Calls by address",
      description: "Requests of HTTP clients per second.",
      view: "timeseries",
      unit: "requests per second",
      ...noCalls,
      queries: [line(rateBy(["job", "server_address"], `${CALLS}_count`, selected), CALL)],
    },
    {
      title: "Failed calls by address",
      description:
        "The part of the calls with an error: a status of 4xx or 5xx, or no response at all.",
      view: "timeseries",
      unit: "ratio",
      ...noCalls,
      queries: [line(failedCalls(), CALL)],
    },
    {
      title: "Duration of calls, p95",
      description: "95% of the calls to an address take less. The points are example traces.",
      view: "timeseries",
      unit: "seconds",
      ...noCalls,
      queries: [lineWithTraces(percentile(0.95, ["job", "server_address"], CALLS, selected), CALL)],
    },
    {
      title: "Open connections",
      description: "Connections of HTTP clients, in use and idle.",
      view: "timeseries",
      unit: "number",
      ...noCalls,
      queries: [
        line(
          `sum by (job, server_address, http_connection_state) (${selected.series("http_client_open_connections")})`,
          `${CALL} {{http_connection_state}}`,
        ),
      ],
    },
  ],
};

const limitRow: Row = {
  title: "Limits",
  panels: [
    {
      title: "Requests over a rate limit",
      description: "Requests per second that a rate limiter has refused.",
      view: "timeseries",
      unit: "requests per second",
      width: 12,
      queries: [
        line(
          rateBy(
            ["job", "telltale_rate_limit_limiter", "http_route"],
            "telltale_rate_limit_hits_total",
            selected,
          ),
          "{{job}} {{telltale_rate_limit_limiter}} {{http_route}}",
        ),
      ],
      silent: { reason: "No request has been over a rate limit." },
    },
  ],
};

function failedCalls(): string {
  const labels = ["job", "server_address"];
  const all = rateBy(labels, `${CALLS}_count`, selected);
  const failed = rateBy(labels, `${CALLS}_count`, selected, ["error_type", "!=", ""]);
  return partOf(`(\n${zeroWhere(failed, all)}\n)`, all);
}
