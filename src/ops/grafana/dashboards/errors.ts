import type { OpsOptions } from "../../options/ops-options.ts";
import { eventsBy, increaseBy, rateBy } from "../../prometheus/rate-queries.ts";
import type { Dashboard, Panel, Row } from "../dashboard.ts";
import { errorsLink, logsLink } from "../links.ts";
import { logQueries } from "../log-queries.ts";
import { line } from "../queries.ts";
import { inRange, processes, selected, zeroWhere } from "../selection.ts";
import { logVariables, serviceVariables } from "../variables.ts";

const EXCEPTIONS = "telltale_exceptions_total";
const byWork = ["http_request_method", "http_route", "telltale_job_name"];
const REQUESTS = "http_server_request_duration_seconds_count";

/** Exceptions and failed requests, by type and by where they happen. */
export function errorDashboard(options: OpsOptions): Dashboard {
  return {
    name: "errors",
    title: "Errors",
    description: "Exceptions and failed requests: of which type, where, and for whom.",
    variables: [...serviceVariables(options), ...logVariables(options)],
    rows: [exceptionRow(options), requestRow, userRow(options), eventRow],
  };
}

function exceptionRow(options: OpsOptions): Row {
  const links = [logsLink, ...errorsLink(options.links)];
  return {
    title: "Exceptions",
    panels: [...exceptionPanels, mostFrequent].map((panel) => ({ ...panel, links })),
  };
}

const noExceptions = { reason: "There has been no exception." };

const exceptionPanels: readonly Panel[] = [
  {
    title: "Exceptions",
    description:
      "Exceptions within the interval of a point, those of a new kind included. 0 as long as the process runs and has had none.",
    view: "timeseries",
    unit: "number",
    queries: [line(zeroWhere(eventsBy(["job"], EXCEPTIONS, selected), processes), "{{job}}")],
  },
  {
    title: "Exceptions by type",
    description: "Exceptions within the interval of a point, by their class or code.",
    view: "timeseries",
    unit: "number",
    isStacked: true,
    queries: [
      line(eventsBy(["job", "error_type"], EXCEPTIONS, selected), "{{job}} {{error_type}}"),
    ],
    silent: noExceptions,
  },
  {
    title: "Exceptions by route and job",
    description: "Exceptions within the interval of a point, by the unit of work that failed.",
    view: "timeseries",
    unit: "number",
    isStacked: true,
    queries: [
      line(
        eventsBy(byWork, EXCEPTIONS, selected),
        "{{http_request_method}} {{http_route}} {{telltale_job_name}}",
      ),
    ],
    silent: noExceptions,
  },
  {
    title: "Exceptions that no code has handled",
    description:
      "Those that failed a request, a message or a job. The rest was captured by the app.",
    view: "timeseries",
    unit: "number",
    queries: [
      line(
        zeroWhere(
          eventsBy(["job"], EXCEPTIONS, selected, ["telltale_exception_handled", "=", "false"]),
          processes,
        ),
        "{{job}}",
      ),
    ],
  },
];

const mostFrequent: Panel = {
  title: "Most frequent exceptions",
  description:
    "Exceptions within the time range. The first of each kind in a process may be missing.",
  view: "table",
  unit: "number",
  width: 16,
  queries: [
    line(
      `topk(20, ${increaseBy(["job", "error_type", ...byWork], EXCEPTIONS, inRange)} > 0)`,
      "Exceptions",
    ),
  ],
  silent: noExceptions,
};

const requestRow: Row = {
  title: "Requests",
  panels: [
    {
      title: "Failed requests by route and status",
      description: "Requests per second with a status of 5xx.",
      view: "timeseries",
      unit: "requests per second",
      isStacked: true,
      queries: [
        line(
          rateBy(
            ["http_request_method", "http_route", "http_response_status_code"],
            REQUESTS,
            selected,
            ["http_response_status_code", "=~", "5.."],
          ),
          "{{http_request_method}} {{http_route}} {{http_response_status_code}}",
        ),
      ],
      silent: { reason: "No request has failed." },
      links: [logsLink],
    },
    {
      title: "Failed requests by type",
      description: "Requests per second that ended in an error, by the exception or the status.",
      view: "timeseries",
      unit: "requests per second",
      isStacked: true,
      queries: [
        line(
          rateBy(["job", "error_type"], REQUESTS, selected, ["error_type", "!=", ""]),
          "{{job}} {{error_type}}",
        ),
      ],
      silent: { reason: "No request has failed." },
      links: [logsLink],
    },
    {
      title: "Refused requests by route and status",
      description:
        "Requests per second with a status of 4xx: mistakes of clients, or of a release of theirs.",
      view: "timeseries",
      unit: "requests per second",
      isStacked: true,
      queries: [
        line(
          rateBy(
            ["http_request_method", "http_route", "http_response_status_code"],
            REQUESTS,
            selected,
            ["http_response_status_code", "=~", "4.."],
          ),
          "{{http_request_method}} {{http_route}} {{http_response_status_code}}",
        ),
      ],
      silent: { reason: "No request has been refused." },
    },
  ],
};

function userRow(options: OpsOptions): Row {
  const { affectedUsers, errorLines } = logQueries(options);
  return {
    title: "Users",
    panels: [
      {
        title: "Affected users",
        description:
          "Users with a line at level error or above within the time range. Known for requests after setUser.",
        view: "stat",
        unit: "number",
        width: 6,
        queries: [affectedUsers],
        silent: { reason: "No line with a user has an error, or lines are not collected." },
      },
      {
        title: "Error lines",
        description: "Lines at level error and above, with the ids of their trace and request.",
        view: "logs",
        unit: "number",
        width: 18,
        queries: [errorLines],
        silent: { reason: "No line has an error, or lines are not collected." },
      },
    ],
  };
}

const eventRow: Row = {
  title: "Operations and security",
  panels: [
    {
      title: "Failed operations",
      description: "Operations of the app (time, logPerformance) per second that have failed.",
      view: "timeseries",
      unit: "events per second",
      queries: [
        line(
          rateBy(
            ["job", "telltale_operation_name", "error_type"],
            "telltale_operation_duration_seconds_count",
            selected,
            ["error_type", "!=", ""],
          ),
          "{{job}} {{telltale_operation_name}} {{error_type}}",
        ),
      ],
      silent: { reason: "No operation of the app has failed." },
    },
    {
      title: "Security events",
      description: "Failed logins, denials and requests over a rate limit, per second.",
      view: "timeseries",
      unit: "events per second",
      queries: [
        line(
          rateBy(
            ["job", "telltale_security_event", "telltale_security_severity"],
            "telltale_security_events_total",
            selected,
          ),
          "{{job}} {{telltale_security_event}} {{telltale_security_severity}}",
        ),
      ],
      silent: { reason: "There has been no security event." },
    },
    {
      title: "Traces of error events",
      description: "Events per second for Sentry, by whether the trace of the error was kept.",
      view: "timeseries",
      unit: "events per second",
      queries: [
        line(
          rateBy(["job", "telltale_trace_coverage"], "telltale_event_traces_total", selected),
          "{{job}} {{telltale_trace_coverage}}",
        ),
      ],
      silent: { reason: "No event was sent to Sentry." },
    },
  ],
};
