import { minutesOf } from "../prometheus/duration.ts";
import type { Matcher } from "../prometheus/promql.ts";
import { increaseBy, percentileBy, rateBy, ratio } from "../prometheus/rate-queries.ts";
import type { Pairs } from "../prometheus/rule-file.ts";
import {
  databaseDownRunbook,
  poolRunbook,
  redisDownRunbook,
  slowQueryRunbook,
} from "../runbooks/databases.ts";
import type { Alert, AlertScenarios } from "./alert.ts";
import type { AlertContext } from "./alert-settings.ts";
import { counter, gauge, lengthOf, type Scenario } from "./scenario.ts";
import {
  gaugeScenarios,
  partScenarios,
  percentileScenarios,
  scenariosOf,
} from "./scenario-sets.ts";

const OPERATIONS = "db_client_operation_duration_seconds";
const POOL = "db_client_connection";

/**
 * Errors of connections: Node's codes, those of PostgreSQL (class 08, 57P01 to 57P03), and the
 * classes of the drivers of MySQL, MongoDB and Redis. A command of Redis without a reply is one.
 */
const LOST = [
  "ECONN.*|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|08...|57P0[123]",
  "PROTOCOL_CONNECTION_LOST|PROTOCOL_SEQUENCE_TIMEOUT",
  "Mongo(Network|ServerSelection|PoolCleared).*",
  "(Connection|Command)?TimeoutError",
  ".*(ClientClosed|ClientOffline|SocketClosed|MaxRetriesPerRequest).*",
].join("|");
const CONNECTION_LOST: Matcher = ["error_type", "=~", LOST];
/** Other errors are no sign of the connection, and commands that waited for one have any error. */
const LOST_OR_SUCCEEDED: Matcher = ["error_type", "=~", `|${LOST}`];
const REDIS: Matcher = ["db_system_name", "=", "redis"];
const NOT_REDIS: Matcher = ["db_system_name", "!=", "redis"];

const process = { job: "shop", instance: "a" };
const pool = { ...process, db_client_connection_pool_name: "db:5432/shop" };
const poolLabels = ["job", "db_client_connection_pool_name"];
const poolOf = { job: "shop", db_client_connection_pool_name: "db:5432/shop" };

/** Alerts on databases and their pools of connections, as the service sees them. */
export const databaseAlerts: readonly Alert[] = [
  unreachableAlert("DatabaseUnreachable", "postgresql", {
    only: NOT_REDIS,
    runbook: databaseDownRunbook,
    panel: "Operations without a connection",
    action: "Check whether the database runs and accepts connections; restart or fail over",
  }),
  unreachableAlert("RedisUnreachable", "redis", {
    only: REDIS,
    runbook: redisDownRunbook,
    panel: "Redis operations without a connection",
    action: "Check whether Redis runs and has memory; restart or fail over",
  }),
  {
    name: "SlowQueries",
    subject: "databases",
    severity: "warning",
    meaning: "The duration that 95% of the operations of a database stay below.",
    threshold: {
      value: 0.5,
      unit: "seconds",
      fires: "above",
      reason: "A request makes several of them, and people wait for their sum.",
    },
    window: "5m",
    for: "10m",
    by: ["job", "db_system_name"],
    value: (context) => percentileBy(0.95, ["job", "db_system_name"], OPERATIONS, context),
    events: {
      minimum: 20,
      reason: "One slow operation of fewer is the percentile.",
      expr: (context) => increaseBy(["job", "db_system_name"], `${OPERATIONS}_count`, context),
    },
    summary:
      "{{ $labels.db_system_name }} takes {{ $value | humanizeDuration }} for the slowest operations of {{ $labels.job }}",
    action: "Open a slow trace, and look at the plan of its slowest statement",
    inhibitedBy: ["DatabaseUnreachable", "RedisUnreachable"],
    runbook: slowQueryRunbook,
    panel: "Duration of operations, p95",
    scenarios: (context) =>
      percentileScenarios(
        context,
        {
          metric: OPERATIONS,
          labels: { ...process, db_system_name: "postgresql", db_operation_name: "SELECT" },
          percentile: 0.95,
        },
        { job: "shop", db_system_name: "postgresql" },
      ),
  },
  {
    name: "PoolNearlyUsedUp",
    subject: "databases",
    severity: "warning",
    meaning: "The part of the connections of a pool that is in use.",
    threshold: {
      value: 0.8,
      unit: "ratio",
      fires: "above",
      reason: "The rest is used up by the next slow query.",
    },
    for: "5m",
    by: poolLabels,
    value: ({ series }) =>
      ratio(
        `sum by (${poolLabels.join(", ")}) (${series(`${POOL}_count`, ["db_client_connection_state", "=", "used"])})`,
        `sum by (${poolLabels.join(", ")}) (${series(`${POOL}_max`)} > 0)`,
      ),
    summary:
      "{{ $value | humanizePercentage }} of the connections of {{ $labels.db_client_connection_pool_name }} are in use by {{ $labels.job }}",
    action: "Find what holds connections: slow queries, or code that does not release them",
    inhibitedBy: ["RequestsWaitForPool"],
    runbook: poolRunbook,
    panel: "Connections in use",
    scenarios: (context) =>
      scenariosOf(context, poolOf, (value, minutes) => [
        gauge(`${POOL}_max`, pool, 1000, minutes),
        gauge(`${POOL}_count`, { ...pool, db_client_connection_state: "idle" }, 1000, minutes),
        gauge(
          `${POOL}_count`,
          { ...pool, db_client_connection_state: "used" },
          value * 1000,
          minutes,
        ),
      ]),
  },
  {
    name: "RequestsWaitForPool",
    subject: "databases",
    severity: "warning",
    meaning: "Requests for a connection that wait, because all of the pool are in use.",
    threshold: {
      value: 0.5,
      unit: "number",
      fires: "above",
      reason: "Even one that waits all the time makes every request slower.",
    },
    for: "2m",
    by: poolLabels,
    value: ({ series }) =>
      `sum by (${poolLabels.join(", ")}) (${series(`${POOL}_pending_requests`)})`,
    summary:
      "{{ $value | humanize }} requests of {{ $labels.job }} wait for a connection of {{ $labels.db_client_connection_pool_name }}",
    action: "Find what holds connections: slow queries, or code that does not release them",
    inhibitedBy: ["DatabaseUnreachable"],
    runbook: poolRunbook,
    panel: "Requests that wait for a connection",
    scenarios: (context) => gaugeScenarios(context, `${POOL}_pending_requests`, pool, poolOf),
  },
];

interface Unreachable extends Pick<Alert, "runbook" | "panel" | "action"> {
  readonly only: Matcher;
}

function unreachableAlert(name: string, system: string, { only, ...alert }: Unreachable): Alert {
  const by = ["job", "db_system_name"];
  const count = `${OPERATIONS}_count`;
  return {
    ...{ ...alert, name, by },
    subject: "databases",
    severity: "critical",
    meaning:
      "The part of the operations and connections of a database that failed for want of a connection, beside those that succeeded.",
    threshold: {
      value: 0.5,
      unit: "ratio",
      fires: "above",
      reason: "A single lost connection is replaced; half of all operations are an outage.",
    },
    window: "2m",
    for: "1m",
    // The windows of failed and slow requests.
    keepFiringFor: "5m",
    value: (context: AlertContext) =>
      ratio(
        rateBy(by, count, context, only, CONNECTION_LOST),
        rateBy(by, count, context, only, LOST_OR_SUCCEEDED),
      ),
    events: {
      minimum: 3,
      reason: "Fewer may be one connection that was closed while it was idle.",
      expr: (context) => increaseBy(by, count, context, only, LOST_OR_SUCCEEDED),
    },
    summary: "{{ $labels.job }} has no connection to {{ $labels.db_system_name }}",
    scenarios: (context) => unreachableScenarios(context, system),
  };
}

function unreachableScenarios(context: AlertContext, system: string): AlertScenarios {
  const count = `${OPERATIONS}_count`;
  const operation = { ...process, db_system_name: system, db_operation_name: "GET" };
  const lost = { ...operation, error_type: "ECONNREFUSED" };
  const waiting = { ...operation, error_type: "Error" };
  const wrong = { ...operation, error_type: "42P01" };
  const elsewhere = { ...lost, db_system_name: system === "redis" ? "postgresql" : "redis" };
  const firing = { job: "shop", db_system_name: system };
  const parts = partScenarios(
    context,
    { counted: [count, lost], others: [count, operation] },
    firing,
  );
  const minutes = lengthOf(context);
  const scenario = (
    title: string,
    ...counts: readonly (readonly [labels: Pairs, perMinute: number])[]
  ): Scenario => {
    const series = counts.map(([labels, each]) => counter(count, labels, each, minutes));
    return { title, minutes, series };
  };
  const least = context.minimum / minutesOf(context.window);
  const few = scenario("a few lost ones among other errors", [lost, least * 0.8], [wrong, 600]);
  // The client tries to connect every ten seconds, and rejects commands that wait.
  const queueing = scenario("waiting commands", [lost, Math.max(6, least * 2)], [waiting, 600]);
  return {
    ...parts,
    fires: [...parts.fires, { ...queueing, firing }],
    silent: [
      ...parts.silent,
      scenario("other errors", [wrong, 600]),
      scenario("lost connections to another database", [operation, 600], [elsewhere, 600]),
      ...(context.minimum > 1 ? [few] : []),
    ],
  };
}
