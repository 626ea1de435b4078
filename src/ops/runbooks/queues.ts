import type { Runbook } from "../alerts/alert.ts";

const failures = "the error of the failed runs is on their spans, in the log and in Sentry";

/** When a queue grows, or is not emptied. */
export const backlogRunbook: Runbook = {
  users: "Mails, exports and other work in the background arrive late or not at all.",
  queries: [
    {
      question: "What is in the queues, by state?",
      expr: "sum by (job, messaging_destination_name, telltale_queue_state) (telltale_queue_size)",
    },
    {
      question: "Are messages consumed?",
      expr: "sum by (job, messaging_destination_name) (rate(messaging_client_consumed_messages_total[5m]))",
    },
    {
      question: "How long does one take?",
      expr: "histogram_quantile(0.95, sum by (job, messaging_destination_name, le) (rate(messaging_process_duration_seconds_bucket[5m])))",
    },
  ],
  causes: [
    "No worker runs, or none consumes this queue.",
    "Jobs fail and are repeated, or one takes very long.",
    "More work than usual: an import, a campaign.",
  ],
  steps: [
    "Check that worker processes run and are connected.",
    "If jobs fail, look at their error first: more workers repeat it faster.",
    "If they only take their time, start more workers.",
  ],
};

/** When runs of a job fail. */
export const jobFailureRunbook: Runbook = {
  users: "What the job does is missing: a report, a clean-up, an import.",
  queries: [
    {
      question: "Which jobs, with which error?",
      expr: 'topk(10, sum by (job, telltale_job_name, error_type) (increase(telltale_job_duration_seconds_count{error_type!=""}[6h])))',
    },
    {
      question: "When did it succeed last?",
      expr: 'sum by (job, telltale_job_name) (increase(telltale_job_duration_seconds_count{error_type=""}[1d]))',
    },
    {
      question: "How long do runs take?",
      expr: "histogram_quantile(0.95, sum by (job, telltale_job_name, le) (rate(telltale_job_duration_seconds_bucket[6h])))",
    },
  ],
  causes: [
    "A dependency that fails: the database, another service.",
    "Data that the job does not expect.",
    "A change of the last deployment.",
  ],
  steps: [
    `Find the cause: ${failures}.`,
    "Fix it, then run the job again by hand if its work is needed.",
  ],
};

/** When messages fail. */
export const messageFailureRunbook: Runbook = {
  users: "What the messages stand for is late or missing: orders that are not sent, mails.",
  queries: [
    {
      question: "Which queue, with which error?",
      expr: 'topk(10, sum by (job, messaging_destination_name, error_type) (rate(messaging_process_duration_seconds_count{error_type!=""}[5m])))',
    },
    {
      question: "Does the queue grow?",
      expr: "sum by (job, messaging_destination_name, telltale_queue_state) (telltale_queue_size)",
    },
    {
      question: "Does a Kafka consumer fall behind?",
      expr: "sum by (job, messaging_destination_name, messaging_consumer_group_name) (kafka_consumer_group_lag)",
    },
  ],
  causes: [
    "A message that no consumer can process, repeated without end.",
    "A dependency that fails.",
    "Producer and consumer were deployed with different formats.",
  ],
  steps: [
    `Find the cause: ${failures}.`,
    "Move a message that always fails to a dead-letter queue.",
    "Roll back if the format changed.",
  ],
};
