import { formatDuration, selector } from "../../prometheus/promql.ts";
import type { Comparison, Indicator, Objective } from "../objective.ts";
import { EVENTS, recorded } from "../recorded-series.ts";
import { type EventQueries, serviceMatchers } from "./query.ts";

/*
 * Objectives that are measured in time: each minute in which something is known is an
 * event. As with requests, the numbers are those of the last 5 minutes.
 */

type JobIndicator = Extract<Indicator, { readonly kind: "job" }>;
type QueueIndicator = Extract<Indicator, { readonly kind: "queue" }>;
type ThresholdIndicator = Extract<Indicator, { readonly kind: "threshold" }>;

const LAST_SUCCESS = "telltale_job_last_success_seconds";
const UPTIME = "process_uptime_seconds";
const OLDEST_AGE = "telltale_queue_oldest_age_seconds";

/** A job of a service that is gone stays late for this time, in seconds, and is then forgotten. */
const REMEMBERED_SECONDS = 3 * 86_400;

/** The labels of the budgets of a job, and of a queue. */
export const JOB_LABELS = ["job", "telltale_job_name"] as const;
export const QUEUE_LABELS = ["job", "messaging_system", "messaging_destination_name"] as const;

/** Returns the queries of a job whose last success may be that long ago. */
export function jobQueries(objective: Objective, indicator: JobIndicator): EventQueries {
  const { job, service, maxAgeSeconds } = indicator;
  const labels = JOB_LABELS.join(", ");
  const age = formatDuration(maxAgeSeconds);
  const series = selector(LAST_SUCCESS, [
    ...serviceMatchers(service),
    ["telltale_job_name", "=", job],
  ]);
  const remembered = formatDuration(maxAgeSeconds + REMEMBERED_SECONDS);
  const seen = `5 * group by (${labels}) (last_over_time(${series}[${remembered}]))`;
  const events = recorded(EVENTS, objective);
  return {
    events: {
      expr: [seen, ...(service === undefined ? [] : neverSucceeded(service, job, age))].join("\n"),
      comment: [
        "Five minutes, in each of which the job is late or not. A job is known by its last success,",
        "for three days after it is late too, since its process may be gone.",
        ...(service === undefined
          ? []
          : [`Without a success it is known if its service has run for ${age}.`]),
      ],
    },
    failedEvents: {
      expr: [
        events,
        `unless on (${labels})`,
        `(max by (${labels}) (max_over_time(${series}[${age}])) > time() - ${maxAgeSeconds})`,
        `or 0 * ${events}`,
      ].join("\n"),
      comment: [`Minutes in which the last success is older than ${age}, in any process.`],
    },
  };
}

function neverSucceeded(service: string, job: string, age: string): string[] {
  const uptime = selector(UPTIME, serviceMatchers(service));
  const running = `group by (job) (${uptime}) and group by (job) (${uptime} offset ${age})`;
  return [
    "or",
    `5 * label_replace(${running}, "telltale_job_name", ${JSON.stringify(job.replaceAll("$", "$$$$"))}, "", "")`,
  ];
}

/** Returns the queries of a queue whose oldest message may be that old. */
export function queueQueries({ queue, service, maxAgeSeconds }: QueueIndicator): EventQueries {
  const series = selector(OLDEST_AGE, [
    ...serviceMatchers(service),
    ["messaging_destination_name", "=", queue],
  ]);
  return minuteQueries(
    `max by (${QUEUE_LABELS.join(", ")}) (${series})`,
    `> bool ${maxAgeSeconds}`,
    `Minutes in which the oldest message waited for more than ${maxAgeSeconds} s, as the slowest process sees it.`,
  );
}

const failingComparison: Readonly<Record<Comparison, string>> = {
  ...{ "<=": ">", "<": ">=", ">=": "<", ">": "<=" },
};

/** Returns the queries of a value that has to be below or above a threshold. */
export function thresholdQueries(indicator: ThresholdIndicator): EventQueries {
  const { query, comparison, value } = indicator;
  return minuteQueries(
    // Drops NaN, which is no value.
    `(${query}) >= -Inf`,
    `${failingComparison[comparison]} bool ${value}`,
    `Minutes in which the value was not ${comparison} ${value}.`,
  );
}

/** Five values, also where both ends of a range count, as in Prometheus 2. */
const FIVE_MINUTES = "[299s:1m]";

function minuteQueries(value: string, isFailed: string, comment: string): EventQueries {
  return {
    events: {
      expr: `count_over_time((${value})${FIVE_MINUTES})`,
      comment: ["The minutes of the last five in which there is a value."],
    },
    failedEvents: {
      expr: `sum_over_time(((${value}) ${isFailed})${FIVE_MINUTES})`,
      comment: [comment],
    },
  };
}
