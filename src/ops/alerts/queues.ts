import { minutesOf } from "../prometheus/duration.ts";
import type { Matcher } from "../prometheus/promql.ts";
import { eventsBy, increaseBy, rateBy, ratio } from "../prometheus/rate-queries.ts";
import { backlogRunbook, jobFailureRunbook, messageFailureRunbook } from "../runbooks/queues.ts";
import type { Pairs } from "../prometheus/rule-file.ts";
import type { Alert, AlertScenarios } from "./alert.ts";
import type { AlertContext } from "./alert-settings.ts";
import {
  appearing,
  counter,
  gapBeforeEnd,
  gauge,
  isStartLongEnough,
  lengthOf,
  returningProcess,
  runningProcess,
  type Scenario,
  type Series,
  startedProcess,
} from "./scenario.ts";
import { gaugeScenarios, partScenarios, scenariosOf } from "./scenario-sets.ts";

const JOBS = "telltale_job_duration_seconds_count";
const MESSAGES = "messaging_process_duration_seconds_count";
const FAILED: Matcher = ["error_type", "!=", ""];

const process = { job: "shop", instance: "a" };
const queue = { messaging_system: "bullmq", messaging_destination_name: "mails" };
const queueLabels = ["job", "messaging_destination_name"];
const mails = { job: "shop", messaging_destination_name: "mails" };

/** Alerts on queues, messages and jobs. */
export const queueAlerts: readonly Alert[] = [
  {
    name: "QueueBacklog",
    subject: "queues",
    severity: "warning",
    meaning: "The messages or jobs of a queue that wait.",
    threshold: {
      value: 1000,
      unit: "number",
      fires: "above",
      reason: "No queue that is emptied has so many for long; set it to what yours has in a peak.",
    },
    for: "10m",
    by: queueLabels,
    value: ({ series }) =>
      `max by (${queueLabels.join(", ")}) (${series("telltale_queue_size", ["telltale_queue_state", "=", "waiting"])})`,
    summary:
      "{{ $value | humanize }} wait in the queue {{ $labels.messaging_destination_name }} of {{ $labels.job }}",
    action: "Check whether workers run and succeed; add some if they are only too slow",
    inhibitedBy: ["RedisUnreachable"],
    runbook: backlogRunbook,
    panel: "Waiting in queues",
    scenarios: (context) =>
      scenariosOf(context, mails, (value, minutes) => [
        sizeOf("waiting", value, minutes),
        sizeOf("completed", context.threshold * 10, minutes),
      ]),
  },
  {
    name: "QueueStalls",
    subject: "queues",
    severity: "warning",
    meaning: "The age of the oldest message or job that waits in a queue.",
    threshold: {
      value: 300,
      unit: "seconds",
      fires: "above",
      reason: "Mails and the like are expected within minutes.",
    },
    for: "5m",
    by: queueLabels,
    value: ({ series }) =>
      `max by (${queueLabels.join(", ")}) (${series("telltale_queue_oldest_age_seconds")})`,
    summary:
      "The oldest job in {{ $labels.messaging_destination_name }} of {{ $labels.job }} waits for {{ $value | humanizeDuration }}",
    action: "Check whether a worker runs: nothing takes jobs, or one job blocks the others",
    inhibitedBy: ["RedisUnreachable"],
    runbook: backlogRunbook,
    panel: "Age of the oldest in queues",
    scenarios: (context) =>
      gaugeScenarios(context, "telltale_queue_oldest_age_seconds", { ...process, ...queue }, mails),
  },
  {
    name: "JobsFail",
    subject: "queues",
    severity: "warning",
    meaning: "The part of the runs of a job that failed, within an hour.",
    threshold: {
      value: 0.1,
      unit: "ratio",
      fires: "above",
      reason: "Frequent jobs are repeated; of one that runs each hour, each failure counts.",
    },
    window: "1h",
    for: "0s",
    by: ["job", "telltale_job_name"],
    value: (context) =>
      ratio(
        eventsBy(["job", "telltale_job_name"], JOBS, context, FAILED),
        eventsBy(["job", "telltale_job_name"], JOBS, context),
      ),
    summary:
      "{{ $value | humanizePercentage }} of the runs of {{ $labels.telltale_job_name }} of {{ $labels.job }} fail",
    action: "Look at the error of the last run; run the job again when the cause is fixed",
    runbook: jobFailureRunbook,
    panel: "Failed jobs",
    scenarios: jobScenarios,
  },
  {
    name: "MessagesFail",
    subject: "queues",
    severity: "warning",
    meaning: "The part of the messages of a queue or topic whose processing failed.",
    threshold: {
      value: 0.05,
      unit: "ratio",
      fires: "above",
      reason: "Consumers repeat a failed message, so a few are harmless.",
    },
    window: "15m",
    for: "5m",
    by: queueLabels,
    value: (context) =>
      ratio(rateBy(queueLabels, MESSAGES, context, FAILED), rateBy(queueLabels, MESSAGES, context)),
    events: {
      minimum: 20,
      reason: "One failure of fewer messages is more than 5%.",
      expr: (context) => increaseBy(queueLabels, MESSAGES, context),
    },
    summary:
      "{{ $value | humanizePercentage }} of the messages of {{ $labels.messaging_destination_name }} fail in {{ $labels.job }}",
    action: "Look at the error of the last messages; one that always fails may block the others",
    runbook: messageFailureRunbook,
    panel: "Failed messages",
    scenarios: (context) => {
      const message = { ...process, ...queue, messaging_operation_name: "process" };
      return partScenarios(
        context,
        {
          counted: [MESSAGES, { ...message, error_type: "TypeError" }],
          others: [MESSAGES, message],
        },
        mails,
      );
    },
  },
];

function sizeOf(state: string, value: number, minutes: number): Series {
  const labels = { ...process, ...queue, telltale_queue_state: state };
  return gauge("telltale_queue_size", labels, value, minutes);
}

const cleanup = { ...process, telltale_job_name: "cleanup" };
const failedCleanup = { ...cleanup, error_type: "TypeError" };

function jobScenarios(context: AlertContext): AlertScenarios {
  const firing = { job: "shop", telltale_job_name: "cleanup" };
  const parts = partScenarios(
    context,
    { counted: [JOBS, failedCleanup], others: [JOBS, cleanup] },
    firing,
  );
  const rare = rareJobScenarios(context);
  return {
    ...parts,
    fires: [...parts.fires, ...rare.fires.map((scenario) => ({ ...scenario, firing }))],
    silent: [...parts.silent, ...rare.silent],
  };
}

/** Returns the situations of jobs whose series begin within the window. */
function rareJobScenarios(context: AlertContext): Pick<AlertScenarios, "fires" | "silent"> {
  const minutes = lengthOf(context);
  const gap = gapBeforeEnd(context);
  const scenario = (title: string, ...series: readonly Series[]): Scenario => {
    return { title, minutes, series };
  };
  const always = runningProcess(process, minutes);
  const started = startedProcess(process, gap);
  const returning = returningProcess(process, gap);
  const failed = appearing(JOBS, failedCleanup, 1, gap);
  const succeeded = appearing(JOBS, cleanup, 10 / context.threshold, gap);
  const many = (labels: Pairs): Series => appearing(JOBS, labels, 1e9, gap);
  const inB = (labels: Pairs): Series => counter(JOBS, { ...labels, instance: "b" }, 10, minutes);
  const longAgo = gauge(JOBS, failedCleanup, 1e6, minutes);
  return {
    fires: [
      ...firstRuns(context),
      scenario(
        "of another process, after a gap in the scrapes of one with many successes",
        ...[...returning, many(cleanup), inB(failedCleanup)],
      ),
    ],
    silent: [
      scenario("one of many runs, in new series", always, failed, succeeded),
      scenario("one of many runs, of a new process", started, failed, succeeded),
      scenario("failures of long ago", always, longAgo, counter(JOBS, cleanup, 10, minutes)),
      scenario(
        "after a gap in the scrapes of a process with many failures",
        ...[...returning, many(failedCleanup), inB(cleanup)],
      ),
    ],
  };
}

/** Returns the situations of a first run, which an alert notices while it is in the window. */
function firstRuns(context: AlertContext): readonly Scenario[] {
  const minutes = lengthOf(context);
  const gap = gapBeforeEnd(context);
  const failed = appearing(JOBS, failedCleanup, 1, gap);
  if (minutesOf(context.for) >= minutesOf(context.window)) return [];
  const only = {
    title: "the only run within the window, in a series that was not there before",
    minutes,
    series: [runningProcess(process, minutes), gauge(JOBS, cleanup, 10, minutes), failed],
  };
  const ofProcess = {
    title: "the first run of a process",
    minutes,
    series: [startedProcess(process, gap), failed],
  };
  return isStartLongEnough(context) ? [only, ofProcess] : [only];
}
