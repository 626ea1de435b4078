import { type QueueRow, queueRows } from "../../queues/rows.ts";
import { mechanismOf, reasons, type Reporter } from "../places.ts";
import type { SourceGroup } from "../source-group.ts";

/** Where in a consumer of messages an error occurs, with words for the docs. */
export const queuePlaces = {
  sync: "a handler that throws",
  async: "a handler that rejects",
  retried: "a handler that fails in two attempts: two events",
  captured: "an error that the app captures",
  timer: "a callback that throws",
  floating: "a promise that nothing awaits",
  rejected: "a message that the app rejects",
  caught: "an error that the handler catches",
} as const;

export type QueuePlaceName = keyof typeof queuePlaces;

/** A library whose consumer throws values in every place. */
export interface QueueSourceRow {
  /** Name and major version, as in the docs. */
  readonly library: string;
  readonly row: QueueRow;
  /** In `queues/apps`. */
  readonly program: string;
  readonly reporters: Readonly<Partial<Record<QueuePlaceName, Reporter>>>;
  /** Number of attempts of a message whose handler fails. */
  readonly maxAttempts: number;
  /** Values on which the library itself fails with another error, also without the preload. */
  readonly breaking?: readonly string[];
}

const common = {
  captured: "app",
  timer: "process",
  floating: "process",
  caught: "none",
} as const;

function row(
  library: string,
  [installed, program]: readonly [installed: string, program: string],
  { reporters, ...options }: Partial<QueueSourceRow>,
): QueueSourceRow {
  const found = queueRows.find(
    (one) => one.installed === installed && program.endsWith(one.program),
  );
  if (found === undefined) throw new Error(`queues has no row of ${installed} (${program})`);
  const newest = { ...found, moduleSystem: "esm", node: "26" } as const;
  return {
    library,
    row: newest,
    program,
    maxAttempts: 1,
    ...options,
    reporters: { ...reporters, ...common },
  };
}

const handlers = { sync: "job", async: "job" } as const;
/** BullMQ itself fails on values without a `message`, and runs their jobs again after half a minute. */
const bullmq = {
  reporters: { ...handlers, retried: "job" },
  maxAttempts: 2,
  breaking: ["getters", "proxy", "undefined"],
} as const;
/** kafkajs stops a consumer at a `RangeError` or a `TypeError`, and reads the `stack` of `undefined`. */
const kafkajs = {
  reporters: { ...handlers, retried: "job" },
  maxAttempts: 5,
  breaking: ["realm", "undefined"],
} as const;
/** The libraries ignore the promise that a callback returns. */
const callback = { sync: "job", async: "process" } as const;
const withRejection = { ...callback, rejected: "none" } as const;

export const queueSourceRows: readonly QueueSourceRow[] = [
  row("BullMQ 5", ["bullmq5", "bullmq"], bullmq),
  row("BullMQ 6", ["bullmq", "bullmq"], bullmq),
  row("BullMQ 6 on PostgreSQL", ["bullmq", "bullmq-postgres"], bullmq),
  row("kafkajs 2", ["kafkajs", "kafkajs"], kafkajs),
  row("kafkajs 2 (batches)", ["kafkajs", "kafkajs-batch"], kafkajs),
  // It reads the `message` of what a callback has thrown.
  row("amqplib 2", ["amqplib", "failing/amqplib"], {
    reporters: withRejection,
    breaking: ["getters", "proxy", "undefined"],
  }),
  row("nats 2", ["nats", "failing/nats"], { reporters: callback }),
  row("NATS 3", ["@nats-io/transport-node", "failing/nats"], { reporters: callback }),
  row("JetStream of nats 2", ["nats", "failing/jetstream-callback"], {
    reporters: withRejection,
    breaking: ["proxy"],
  }),
  row("JetStream 3", ["@nats-io/jetstream", "failing/jetstream-callback"], {
    reporters: withRejection,
    breaking: ["proxy"],
  }),
];

export const sourceGroup: SourceGroup = {
  title: "Messages and jobs of queues",
  sources: queueSourceRows.flatMap(({ library, reporters }) =>
    Object.entries(reporters).map(([name, reporter]) => {
      const place = name as QueuePlaceName;
      const mechanism = mechanismOf(place, reporter);
      return { library, place: queuePlaces[place], mechanism, reason: reasons[place] };
    }),
  ),
};
