import { fileURLToPath } from "node:url";
import type { ReceivedEvent, ReceivedSpan } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../../integration/program.ts";
import { headSampledOut } from "./run.ts";
import type { QueuePlaceName, QueueSourceRow } from "./queues.ts";
import { type ThrownValue, values } from "./values.ts";

/** One message: what its consumer throws, where, and how many times. */
export interface MessageCase {
  readonly id: string;
  readonly place: QueuePlaceName;
  readonly value: ThrownValue;
  readonly failures: number;
  /** Whether the library delivers it again after these failures. */
  readonly isRetried: boolean;
}

export interface QueueRun {
  readonly cases: readonly MessageCase[];
  readonly events: readonly ReceivedEvent[];
  readonly spans: readonly ReceivedSpan[];
  readonly ended: ProgramResult;
  /** Of the same program without the preload. */
  readonly bareEnded: ProgramResult;
}

/** One value of each kind. That all others are captured in the same way is tested by requests. */
const someValues: ReadonlySet<string> = new Set([
  ...["error", "aggregate", "realm", "frozen", "getters", "proxy"],
  ...["string", "empty", "symbol", "undefined", "object"],
]);
const fewValues: ReadonlySet<string> = new Set(["error", "frozen", "string", "undefined"]);
const thoroughPlaces: ReadonlySet<QueuePlaceName> = new Set(["sync", "async"]);
/** Places in which the library gets no error. */
const handledPlaces: ReadonlySet<QueuePlaceName> = new Set([
  ...(["timer", "floating", "rejected", "caught"] as const),
]);

export function messageCasesOf(row: QueueSourceRow): MessageCase[] {
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

/** Runs the consumer of a row, preloaded and not, until all messages are handled and all events have arrived. */
export async function runQueueSources(
  row: QueueSourceRow,
  { broker, queue }: { readonly broker: string; readonly queue: string },
  expectedEvents: number,
): Promise<QueueRun> {
  const cases = messageCasesOf(row);
  const receiver = await startReceiver();
  const preloaded = start(row, cases, { BROKER: broker, QUEUE: queue }, receiver);
  const bare = start(row, cases, { BROKER: broker, QUEUE: `${queue}-bare` });
  try {
    const isHandled = (stdout: string): boolean | undefined => isEverythingThrown(stdout, cases);
    await Promise.all([preloaded, bare].map((program) => program.waitForStdout(isHandled)));
    // The test then shows which are missing.
    await receiver
      .waitFor(({ events }) => events.length >= expectedEvents, `${expectedEvents} events`)
      .catch(() => {});
    for (const program of [preloaded, bare]) program.kill("SIGTERM");
    const [ended, bareEnded] = await Promise.all([preloaded.ended, bare.ended]);
    await receiver.settled();
    const { events, spans } = receiver;
    return { cases, events: [...events], spans: [...spans], ended, bareEnded };
  } finally {
    for (const program of [preloaded, bare]) program.kill("SIGKILL");
    await Promise.all([preloaded.ended, bare.ended, receiver.close()]);
  }
}

const index = new URL("../../../dist/index.js", import.meta.url).href;

function start(
  { row, program }: QueueSourceRow,
  cases: readonly MessageCase[],
  env: Readonly<Record<string, string>>,
  receiver?: Receiver,
): Program {
  const messages = cases.map(({ value, ...message }) => ({ ...message, value: value.name }));
  return new Program({
    file: fileURLToPath(new URL("../queues/apps/failing/start.mjs", import.meta.url)),
    args: [program, row.installed, JSON.stringify(messages)],
    flags: receiver === undefined ? [] : preload.import,
    env: {
      ...env,
      TELLTALE: index,
      SURVIVES: "1",
      ...(receiver !== undefined && { ...telemetryEnv(receiver), ...headSampledOut }),
    },
  });
}

/** Whether all messages are handled; callbacks may throw later. */
function isEverythingThrown(stdout: string, cases: readonly MessageCase[]): true | undefined {
  const thrown = stdout.match(/^throws /gm)?.length ?? 0;
  const expected = cases.reduce((sum, { failures }) => sum + failures, 0);
  return (thrown === expected && stdout.includes("ready\n")) || undefined;
}
