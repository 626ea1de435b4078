import { fileURLToPath } from "node:url";
import { type ConsumerCase, type ConsumerRun, runConsumer } from "./run.ts";
import { type Consumer, expectedCount } from "./suite.ts";
import { type QueuePlaceName, queuePlaces, type QueueSourceRow } from "./queues.ts";
import { values } from "../values.ts";

/** A message; its consumer is `queues/apps/failing/start.mjs`. */
export interface MessageCase extends ConsumerCase {
  /** Whether the library delivers it again after these failures. */
  readonly isRetried: boolean;
}

/** One value of each kind. That all others are captured in the same way is tested by requests. */
export const someValues: ReadonlySet<string> = new Set([
  ...["error", "aggregate", "realm", "frozen", "getters", "proxy"],
  ...["string", "empty", "symbol", "undefined", "object"],
]);
export const fewValues: ReadonlySet<string> = new Set(["error", "frozen", "string", "undefined"]);
const thoroughPlaces: ReadonlySet<QueuePlaceName> = new Set(["sync", "async"]);
/** Places in which the library gets no error. */
const handledPlaces: ReadonlySet<QueuePlaceName> = new Set([
  ...(["timer", "floating", "rejected", "caught"] as const),
]);

export function queueConsumerOf(row: QueueSourceRow): Consumer {
  const { library, reporters } = row;
  return {
    library,
    reporters,
    places: queuePlaces,
    cases: messageCasesOf(row),
    transaction: `process ${queueOf(row)}`,
    spanKind: "CONSUMER",
  };
}

function queueOf({ library }: QueueSourceRow): string {
  return `fails-${library.replaceAll(/\W+/g, "-").toLowerCase()}`;
}

function messageCasesOf(row: QueueSourceRow): MessageCase[] {
  const { reporters, breaking = [], maxAttempts } = row;
  return Object.keys(reporters).flatMap((name) => {
    const place = name as QueuePlaceName;
    const names = thoroughPlaces.has(place) ? someValues : fewValues;
    const thrown = values.filter((one) => names.has(one.name) && !breaking.includes(one.name));
    const failures = place === "retried" ? 2 : 1;
    const isRetried = !handledPlaces.has(place) && failures < maxAttempts;
    return thrown.map((value) => {
      return { id: `${place}-${value.name}`, place, value, failures, isRetried };
    });
  });
}

/** Runs the consumer of a row. */
export function runQueueSources(row: QueueSourceRow, broker: string): Promise<ConsumerRun> {
  const consumer = queueConsumerOf(row);
  const program = {
    file: fileURLToPath(new URL("../../queues/apps/failing/start.mjs", import.meta.url)),
    args: [row.program, row.row.installed],
    env: { BROKER: broker, QUEUE: queueOf(row) },
    bareEnv: { BROKER: broker, QUEUE: `${queueOf(row)}-bare` },
    isService: true,
  };
  return runConsumer(program, consumer.cases, expectedCount(consumer));
}
