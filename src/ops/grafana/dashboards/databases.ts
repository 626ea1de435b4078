import type { OpsOptions } from "../../options/ops-options.ts";
import { rateBy } from "../../prometheus/rate-queries.ts";
import type { Dashboard, Panel, Row } from "../dashboard.ts";
import { line, lineWithTraces, percentile, percentiles } from "../queries.ts";
import { meanBy, selected } from "../selection.ts";
import { serviceVariables } from "../variables.ts";

const DURATION = "db_client_operation_duration_seconds";
const POOL = "{{job}} {{db_client_connection_pool_name}}";
const byOperation = ["db_system_name", "db_namespace", "db_operation_name"];
const OPERATION = "{{db_system_name}} {{db_namespace}} {{db_operation_name}}";
const byPool = ["job", "instance", "db_client_connection_pool_name"];

const noDatabase: Pick<Panel, "silent"> = {
  silent: { reason: "The service uses no database." },
};
const noPool: Pick<Panel, "silent"> = {
  silent: { reason: "The service uses no pool of connections." },
};

/** Queries of databases, and the pools of their connections. */
export function databaseDashboard(options: OpsOptions): Dashboard {
  return {
    name: "databases",
    title: "Databases",
    description: "Queries as the services see them, and the pools of their connections.",
    variables: serviceVariables(options),
    rows: [queryRow, poolRow],
  };
}

const queryRow: Row = {
  title: "Queries",
  panels: [
    {
      title: "Queries by operation",
      description: "Queries per second.",
      view: "timeseries",
      unit: "events per second",
      ...noDatabase,
      queries: [line(rateBy(byOperation, `${DURATION}_count`, selected), OPERATION)],
    },
    {
      title: "Duration of queries",
      description: "Half, 95% and 99% of the queries take less. The points are example traces.",
      view: "timeseries",
      unit: "seconds",
      ...noDatabase,
      queries: percentiles(["job"], DURATION, "{{job}}"),
    },
    {
      title: "Duration by operation, p95",
      description: "95% of the queries take less. The points are example traces.",
      view: "timeseries",
      unit: "seconds",
      ...noDatabase,
      queries: [lineWithTraces(percentile(0.95, byOperation, DURATION, selected), OPERATION)],
    },
    {
      title: "Time in queries by operation",
      description: "Seconds of queries in each second: where a faster query helps most.",
      view: "timeseries",
      unit: "number",
      isStacked: true,
      ...noDatabase,
      queries: [line(rateBy(byOperation, `${DURATION}_sum`, selected), OPERATION)],
    },
    {
      title: "Duration by server, p95",
      description: "95% of the queries to a server take less.",
      view: "timeseries",
      unit: "seconds",
      ...noDatabase,
      queries: [
        line(
          percentile(0.95, ["db_system_name", "server_address", "server_port"], DURATION, selected),
          "{{db_system_name}} {{server_address}}:{{server_port}}",
        ),
      ],
    },
    {
      title: "Time in queries by route",
      description: "The mean of the time that one request spends in queries.",
      view: "timeseries",
      unit: "seconds",
      ...noDatabase,
      queries: [
        line(
          meanBy(
            ["http_request_method", "http_route"],
            "telltale_request_query_duration_seconds",
            selected,
          ),
          "{{http_request_method}} {{http_route}}",
        ),
      ],
    },
  ],
};

const timeTitles: Readonly<Record<string, readonly [title: string, description: string]>> = {
  wait: ["Time until a connection is free, p95", "95% of the requests for a connection wait less."],
  use: [
    "Time of use, p95",
    "95% of the connections are returned earlier. Long: a transaction that waits.",
  ],
  create: ["Time to connect, p95", "95% of the new connections take less."],
};

const poolRow: Row = {
  title: "Pools",
  panels: [
    {
      title: "Used connections",
      description: "The part of a pool in use. At 100%, queries wait.",
      view: "timeseries",
      unit: "ratio",
      ...noPool,
      queries: [
        line(
          `sum by (${byPool.join(", ")}) (${selected.series("db_client_connection_count", ["db_client_connection_state", "=", "used"])})\n/\nsum by (${byPool.join(", ")}) (${selected.series("db_client_connection_max")})`,
          `${POOL} {{instance}}`,
        ),
      ],
    },
    {
      title: "Connections by state",
      description: "Connections in use and idle, of all processes.",
      view: "timeseries",
      unit: "number",
      isStacked: true,
      ...noPool,
      queries: [
        line(
          `sum by (job, db_client_connection_pool_name, db_client_connection_state) (${selected.series("db_client_connection_count")})`,
          `${POOL} {{db_client_connection_state}}`,
        ),
      ],
    },
    {
      title: "Waiting for a connection",
      description: "Requests that wait for a connection of the pool.",
      view: "timeseries",
      unit: "number",
      ...noPool,
      queries: [
        line(
          `sum by (job, db_client_connection_pool_name) (${selected.series("db_client_connection_pending_requests")})`,
          POOL,
        ),
      ],
    },
    ...["wait", "use", "create"].map(timePanel),
    {
      title: "Timeouts of pools",
      description: "Requests per second that got no connection in time.",
      view: "timeseries",
      unit: "events per second",
      queries: [
        line(
          rateBy(
            ["job", "db_client_connection_pool_name"],
            "db_client_connection_timeouts_total",
            selected,
          ),
          POOL,
        ),
      ],
      silent: { reason: "The driver does not count timeouts, or there was none." },
    },
  ],
};

function timePanel(time: string): Panel {
  const [title = time, description = ""] = timeTitles[time] ?? [];
  const metric = `db_client_connection_${time}_time_seconds`;
  const labels = ["job", "db_client_connection_pool_name"];
  return {
    title,
    description,
    view: "timeseries",
    unit: "seconds",
    ...noPool,
    queries: [line(percentile(0.95, labels, metric, selected), POOL)],
  };
}
