import type { OpsOptions } from "../../options/ops-options.ts";
import type { Matcher } from "../../prometheus/promql.ts";
import { rateBy } from "../../prometheus/rate-queries.ts";
import type { Dashboard, Panel, Row } from "../dashboard.ts";
import { logsLink } from "../links.ts";
import { line, lineWithTraces, partOf, percentile } from "../queries.ts";
import { selected, zeroWhere } from "../selection.ts";
import { serviceVariables } from "../variables.ts";

const PROCESS = "messaging_process_duration_seconds";
const JOB = "telltale_job_duration_seconds";
const byQueue = ["messaging_system", "messaging_destination_name"];
const QUEUE = "{{messaging_system}} {{messaging_destination_name}}";
const FAILED: Matcher = ["error_type", "!=", ""];

const noQueue: Pick<Panel, "silent"> = { silent: { reason: "The service uses no queue." } };
const noBacklog: Pick<Panel, "silent"> = {
  silent: { reason: "The service uses no queue whose size its client knows." },
};
const noJob: Pick<Panel, "silent"> = { silent: { reason: "The service runs no jobs." } };

/** Messages that are sent and processed, what waits, and jobs. */
export function queueDashboard(options: OpsOptions): Dashboard {
  return {
    name: "queues",
    title: "Queues and jobs",
    description: "Messages that are sent and processed, what waits, and scheduled jobs.",
    variables: serviceVariables(options),
    rows: [messageRow, backlogRow, jobRow],
  };
}

/** Returns the part of the events that failed. 0 as long as none has failed. */
function failedPart(labels: readonly string[], metric: string): string {
  const all = rateBy(labels, metric, selected);
  return partOf(`(\n${zeroWhere(rateBy(labels, metric, selected, FAILED), all)}\n)`, all);
}

const messageRow: Row = {
  title: "Messages",
  panels: [
    {
      title: "Sent messages",
      description: "Messages per second that producers sent.",
      view: "timeseries",
      unit: "events per second",
      ...noQueue,
      queries: [line(rateBy(byQueue, "messaging_client_sent_messages_total", selected), QUEUE)],
    },
    {
      title: "Processed messages",
      description: "Messages per second that consumers processed, failed ones included.",
      view: "timeseries",
      unit: "events per second",
      ...noQueue,
      queries: [line(rateBy(byQueue, `${PROCESS}_count`, selected), QUEUE)],
    },
    {
      title: "Failed messages",
      description: "The part of the messages whose processing failed.",
      view: "timeseries",
      unit: "ratio",
      ...noQueue,
      queries: [line(failedPart(byQueue, `${PROCESS}_count`), QUEUE)],
      links: [logsLink],
    },
    {
      title: "Duration of processing, p95",
      description: "95% of the messages take less. The points are example traces.",
      view: "timeseries",
      unit: "seconds",
      ...noQueue,
      queries: [lineWithTraces(percentile(0.95, byQueue, PROCESS, selected), QUEUE)],
    },
    {
      title: "Duration of calls to the broker, p95",
      description: "95% of the calls that send or receive take less.",
      view: "timeseries",
      unit: "seconds",
      ...noQueue,
      queries: [
        line(
          percentile(
            0.95,
            ["messaging_system", "messaging_operation_name"],
            "messaging_client_operation_duration_seconds",
            selected,
          ),
          "{{messaging_system}} {{messaging_operation_name}}",
        ),
      ],
    },
    {
      title: "Received messages",
      description: "Messages per second that consumers received.",
      view: "timeseries",
      unit: "events per second",
      ...noQueue,
      queries: [line(rateBy(byQueue, "messaging_client_consumed_messages_total", selected), QUEUE)],
    },
  ],
};

const backlogRow: Row = {
  title: "Backlog",
  panels: [
    {
      title: "Messages by state",
      description: "Messages in the queue. Each process of a service sees the same queue.",
      view: "timeseries",
      unit: "number",
      ...noBacklog,
      queries: [
        line(
          `max by (messaging_system, messaging_destination_name, telltale_queue_state) (${selected.series("telltale_queue_size")})`,
          `${QUEUE} {{telltale_queue_state}}`,
        ),
      ],
    },
    {
      title: "Age of the oldest message",
      description: "How long the oldest message has waited.",
      view: "timeseries",
      unit: "seconds",
      ...noBacklog,
      queries: [
        line(
          `max by (${byQueue.join(", ")}) (${selected.series("telltale_queue_oldest_age_seconds")})`,
          QUEUE,
        ),
      ],
    },
    {
      title: "Lag of consumer groups",
      description: "Messages of Kafka that a group has not read yet, of all partitions.",
      view: "timeseries",
      unit: "number",
      queries: [
        line(
          `sum by (messaging_destination_name, messaging_consumer_group_name) (max by (messaging_destination_name, messaging_consumer_group_name, messaging_destination_partition_id) (${selected.series("kafka_consumer_group_lag")}))`,
          "{{messaging_consumer_group_name}} {{messaging_destination_name}}",
        ),
      ],
      silent: { reason: "The service consumes nothing of Kafka." },
    },
  ],
};

const byJob = ["job", "telltale_job_name"];

const jobRow: Row = {
  title: "Jobs",
  panels: [
    {
      title: "Runs of jobs",
      description: "Runs per second, failed ones included.",
      view: "timeseries",
      unit: "events per second",
      ...noJob,
      queries: [line(rateBy(byJob, `${JOB}_count`, selected), "{{telltale_job_name}}")],
    },
    {
      title: "Failed runs",
      description: "The part of the runs that failed.",
      view: "timeseries",
      unit: "ratio",
      ...noJob,
      queries: [line(failedPart(byJob, `${JOB}_count`), "{{telltale_job_name}}")],
      links: [logsLink],
    },
    {
      title: "Duration of runs, p95",
      description: "95% of the runs take less. The points are example traces.",
      view: "timeseries",
      unit: "seconds",
      ...noJob,
      queries: [lineWithTraces(percentile(0.95, byJob, JOB, selected), "{{telltale_job_name}}")],
    },
    {
      title: "Time since the last success",
      description: "How long ago each job last ended without an error, in any process.",
      view: "timeseries",
      unit: "seconds",
      ...noJob,
      queries: [
        line(
          `time() - max by (${byJob.join(", ")}) (${selected.series("telltale_job_last_success_seconds")})`,
          "{{telltale_job_name}}",
        ),
      ],
    },
  ],
};
