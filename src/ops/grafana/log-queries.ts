import type { OpsOptions } from "../options/ops-options.ts";
import type { Query } from "./dashboard.ts";

/** Queries on lines, in the language of the store. */
export interface LogQueries {
  readonly linesByLevel: Query;
  readonly errorsByService: Query;
  readonly errorLines: Query;
  readonly foundLines: Query;
  readonly affectedUsers: Query;
}

/** Returns the queries for the store of the options. */
export function logQueries({ grafana }: OpsOptions): LogQueries {
  return queriesOf[grafana.logs.store];
}

/**
 * LogQL. `service_name` is the label of lines by OTLP and of those that a pipeline labels with
 * `service`; `detected_level` is what Loki derives from the level of either.
 */
const SELECTED = '{service_name=~"$service"}';
const ERRORS = `${SELECTED} | detected_level=~"error|critical|fatal"`;

const loki: LogQueries = {
  linesByLevel: logs(
    `sum by (detected_level) (count_over_time(${SELECTED} [$__auto]))`,
    "{{detected_level}}",
  ),
  errorsByService: logs(
    `sum by (service_name) (count_over_time(${ERRORS} [$__auto]))`,
    "{{service_name}}",
  ),
  errorLines: logs(ERRORS, ""),
  // A label that a line has not is empty, which the pattern matches as long as no id is given.
  foundLines: logs(`${SELECTED} |~ "(?i)$text" | trace_id=~"$trace_id.*"`, ""),
  affectedUsers: logs(
    `count(sum by (user_id) (count_over_time(${ERRORS} | user_id!="" [$__range])))`,
    "users",
  ),
};

/** LogsQL. Lines by pipelines have `service` and `level`, records by OTLP the names of OpenTelemetry. */
const NAMED = '(service:in($service) or "service.name":in($service))';
const FAILED = `${NAMED} (level:in("fatal", "error", "err", "crit", "critical", "alert", "emerg") or severity_number:>=17)`;

const victorialogs: LogQueries = {
  linesByLevel: logs(
    `${NAMED} | format if (level:"") "<severity_text>" as level | stats by (level) count() lines`,
    "{{level}}",
  ),
  errorsByService: logs(
    `${FAILED} | format if (service:"") "<service.name>" as service | stats by (service) count() lines`,
    "{{service}}",
  ),
  errorLines: logs(FAILED, ""),
  foundLines: logs(`${NAMED} ~"(?i)$text" trace_id:~"$trace_id"`, ""),
  affectedUsers: logs(
    `${FAILED} | format if (user_id:"") "<user.id>" as user_id | filter user_id:* | stats count_uniq(user_id) users`,
    "users",
  ),
};

const queriesOf = { loki, victorialogs } as const;

function logs(expr: string, legend: string): Query {
  return { source: "logs", expr, legend };
}
