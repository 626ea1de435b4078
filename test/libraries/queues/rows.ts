import type { LibraryRow, Variant } from "../row.ts";

/** The broker of the messages. */
export type BrokerName = "kafka" | "rabbitmq" | "nats" | "redis" | "postgres";

export interface QueueRow extends LibraryRow {
  /** Name of the module in `apps/` that uses the library. */
  readonly program: string;
  readonly broker: BrokerName;
  /** `messaging.system`. */
  readonly system: string;
  /** `messaging.operation.name` of the sender. */
  readonly sends: string;
  /** The consumer's group, where it has one: a fixed name, or the name of the queue. */
  readonly group?: "warehouse" | "as the queue";
  /** Whether a failed order is retried, and whether the library knows the maximum number of attempts. */
  readonly retried: "again" | "with a limit" | "no";
  /** Whether an uncaught error of the callback crashes the consumer, as without the preload. */
  readonly exitsOnFailure?: true;
  /** Whether messages have the id of their position in a stream, and can be rejected without an error. */
  readonly hasStream?: true;
  /** Whether the consumer receives batches, and its spans are linked. */
  readonly isBatch?: true;
}

function rowsOf(common: Omit<QueueRow, keyof Variant>, variants: readonly Variant[]): QueueRow[] {
  return variants.map((variant) => ({ ...common, ...variant }));
}

const queueSupport =
  "a trace from sender to consumer, a unit of work per message, durations, errors";

function jetStreamRows(library: string, program: string, modules: readonly Variant[]): QueueRow[] {
  const supports =
    "a trace from sender to consumer, a unit of work per message with its attempts, durations, errors";
  const common = {
    library,
    program,
    supports,
    broker: "nats",
    system: "nats",
    sends: "publish",
  } as const;
  return rowsOf({ ...common, group: "as the queue", retried: "again", hasStream: true }, modules);
}

export const queueRows: readonly QueueRow[] = [
  ...rowsOf(
    {
      library: "kafkajs",
      program: "kafkajs",
      broker: "kafka",
      system: "kafka",
      sends: "send",
      group: "as the queue",
      retried: "again",
      supports: `${queueSupport}, lag`,
    },
    [
      { installed: "kafkajs", moduleSystem: "esm", node: "26" },
      { installed: "kafkajs", moduleSystem: "cjs", node: "22.15" },
      { installed: "kafkajs20", moduleSystem: "cjs", node: "26" },
    ],
  ),
  ...rowsOf(
    {
      library: "kafkajs",
      program: "kafkajs-batch",
      broker: "kafka",
      system: "kafka",
      sends: "send",
      group: "as the queue",
      retried: "again",
      isBatch: true,
      supports: "links from batches to their senders",
    },
    [{ installed: "kafkajs", moduleSystem: "cjs", node: "26" }],
  ),
  ...rowsOf(
    {
      library: "amqplib",
      program: "amqplib",
      broker: "rabbitmq",
      system: "rabbitmq",
      sends: "publish",
      retried: "again",
      supports: `${queueSupport}, queue depth`,
    },
    [
      { installed: "amqplib", moduleSystem: "esm", node: "26" },
      { installed: "amqplib", moduleSystem: "cjs", node: "22.15" },
      { installed: "amqplib0", moduleSystem: "cjs", node: "26" },
    ],
  ),
  ...rowsOf(
    {
      library: "amqplib",
      program: "amqplib-callbacks",
      broker: "rabbitmq",
      system: "rabbitmq",
      sends: "publish",
      retried: "again",
      supports: "the same by callbacks",
    },
    [
      { installed: "amqplib", moduleSystem: "cjs", node: "24" },
      { installed: "amqplib0", moduleSystem: "esm", node: "26" },
    ],
  ),
  ...rowsOf(
    {
      library: "nats",
      program: "nats",
      broker: "nats",
      system: "nats",
      sends: "publish",
      group: "warehouse",
      retried: "no",
      exitsOnFailure: true,
      supports: queueSupport,
    },
    [
      { installed: "nats", moduleSystem: "esm", node: "26" },
      { installed: "nats", moduleSystem: "cjs", node: "24" },
      { installed: "nats20", moduleSystem: "cjs", node: "26" },
    ],
  ),
  ...rowsOf(
    {
      library: "@nats-io/transport-node",
      program: "nats",
      broker: "nats",
      system: "nats",
      sends: "publish",
      group: "warehouse",
      retried: "no",
      exitsOnFailure: true,
      supports: queueSupport,
    },
    [
      { installed: "@nats-io/transport-node", moduleSystem: "esm", node: "22.15" },
      { installed: "@nats-io/transport-node", moduleSystem: "cjs", node: "26" },
    ],
  ),
  ...rowsOf(
    {
      library: "@nats-io/transport-node",
      program: "nats-iterator",
      broker: "nats",
      system: "nats",
      sends: "request",
      retried: "no",
      supports: "the same in for await",
    },
    [
      { installed: "@nats-io/transport-node", moduleSystem: "esm", node: "26" },
      { installed: "@nats-io/transport-node", moduleSystem: "cjs", node: "22.15" },
    ],
  ),
  ...rowsOf(
    {
      library: "nats",
      program: "nats-iterator",
      broker: "nats",
      system: "nats",
      sends: "request",
      retried: "no",
      supports: "the same in for await",
    },
    [{ installed: "nats", moduleSystem: "cjs", node: "26" }],
  ),
  ...jetStreamRows("nats (JetStream)", "jetstream", [
    { installed: "nats", moduleSystem: "esm", node: "26" },
    { installed: "nats", moduleSystem: "cjs", node: "22.15" },
  ]),
  ...jetStreamRows("nats (JetStream)", "jetstream-callback", [
    { installed: "nats", moduleSystem: "cjs", node: "26" },
  ]),
  ...jetStreamRows("nats (JetStream)", "jetstream-subscribe", [
    { installed: "nats20", moduleSystem: "cjs", node: "26" },
  ]),
  ...jetStreamRows("@nats-io/jetstream", "jetstream", [
    { installed: "@nats-io/jetstream", moduleSystem: "esm", node: "22.15" },
    { installed: "@nats-io/jetstream", moduleSystem: "cjs", node: "26" },
  ]),
  ...jetStreamRows("@nats-io/jetstream", "jetstream-callback", [
    { installed: "@nats-io/jetstream", moduleSystem: "esm", node: "26" },
  ]),
  ...jetStreamRows("@nats-io/jetstream", "jetstream-fetch", [
    { installed: "@nats-io/jetstream", moduleSystem: "cjs", node: "24" },
  ]),
  ...rowsOf(
    {
      library: "bullmq",
      program: "bullmq",
      broker: "redis",
      system: "bullmq",
      sends: "add",
      retried: "with a limit",
      supports: `${queueSupport} with attempts, backlog`,
    },
    [
      { installed: "bullmq", moduleSystem: "esm", node: "26" },
      { installed: "bullmq", moduleSystem: "cjs", node: "22.15" },
      { installed: "bullmq5", moduleSystem: "esm", node: "26" },
      { installed: "bullmq5", moduleSystem: "cjs", node: "26" },
    ],
  ),
  ...rowsOf(
    {
      library: "bullmq",
      program: "bullmq-postgres",
      broker: "postgres",
      system: "bullmq",
      sends: "add",
      retried: "with a limit",
      supports: "the same on PostgreSQL",
    },
    [
      { installed: "bullmq", moduleSystem: "esm", node: "22.15" },
      { installed: "bullmq", moduleSystem: "cjs", node: "26" },
    ],
  ),
];

/** A scheduler of jobs. */
export interface JobRow extends LibraryRow {
  /** Its name in `apps/scheduled.cjs`. */
  readonly scheduler: "node-cron" | "croner" | "timers";
  /** Where the name `nightly-report` is set; `no`: the job is named by its schedule. */
  readonly named: "job" | "options" | "no";
  /** Whether a job that throws crashes the process, as without the preload. */
  readonly exitsOnFailure?: true;
}

const jobSupport = "a trace, a duration and errors of each run";

export const jobRows: readonly JobRow[] = [
  ...(["node-cron", "croner"] as const).flatMap((library): JobRow[] => {
    const job = { library, scheduler: library, supports: jobSupport };
    const old = library === "node-cron" ? ["node-cron3", "node-cron40"] : ["croner8", "croner9"];
    return [
      { ...job, installed: library, moduleSystem: "esm", node: "26", named: "job" },
      { ...job, installed: library, moduleSystem: "cjs", node: "22.15", named: "options" },
      { ...job, installed: library, moduleSystem: "esm", node: "24", named: "no" },
      ...old.flatMap((installed): JobRow[] => [
        { ...job, installed, moduleSystem: "esm", node: "26", named: "no" },
        { ...job, installed, moduleSystem: "cjs", node: "26", named: "job" },
      ]),
    ];
  }),
  {
    library: "node:timers",
    installed: "node:timers",
    scheduler: "timers",
    moduleSystem: "esm",
    node: "26",
    named: "job",
    exitsOnFailure: true,
    supports: `by \`job()\`: ${jobSupport}`,
  },
];

export const rows: readonly LibraryRow[] = [...queueRows, ...jobRows];
