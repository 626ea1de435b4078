import { type ProgramResult, preload, Program, telemetryEnv } from "../../integration/program.ts";
import { nodes } from "../../nodes.ts";
import { WAIT_TIMEOUT_MS } from "../../until.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import type { QueueRow } from "./rows.ts";

const index = new URL("../../../dist/index.js", import.meta.url).href;

/** Where the row's messages go, and where its consumer looks things up. */
export interface ServiceUrls {
  readonly broker: string;
  readonly database: string;
}

/** What two processes said to each other, and to us. */
export interface ConversationResult {
  /** What the front answered, by order. */
  readonly answers: Readonly<Record<string, string>>;
  readonly front: ProgramResult;
  readonly back: ProgramResult;
  readonly receiver: Receiver;
}

/** An order of each kind, in this order. */
export const orders = {
  /** All is well. */
  fine: "id=order-fine",
  /** It fails once. */
  once: "id=order-once&failures=1",
  /** It fails twice, which is as often as a job is tried. */
  twice: "id=order-twice&failures=2",
} as const;

export type OrderName = keyof typeof orders;

export function ordersOf({ retried }: QueueRow): readonly OrderName[] {
  return retried === "again, as a job" ? ["fine", "once", "twice"] : ["fine", "once"];
}

/** The two processes of a row, with their environment. */
export class ProcessPair {
  readonly #row: QueueRow;
  readonly #env: Readonly<Record<string, string>>;
  readonly #isPreloaded: boolean;

  constructor(
    row: QueueRow,
    queue: string,
    { broker, database }: ServiceUrls,
    receiver?: Receiver,
    env: Readonly<Record<string, string>> = {},
  ) {
    this.#row = row;
    this.#isPreloaded = receiver !== undefined;
    this.#env = {
      QUEUE: queue,
      BROKER: broker,
      DATABASE: database,
      ...(receiver !== undefined && telemetryOf(receiver)),
      ...env,
    };
  }

  start(role: "front" | "back"): Program {
    const { installed, program, moduleSystem, node } = this.#row;
    const file = moduleSystem === "esm" ? "service.mjs" : "service.cjs";
    return new Program({
      node: nodes.find(({ name }) => name === node)?.path ?? process.execPath,
      flags: this.#isPreloaded ? preload.import : [],
      file: new URL(`apps/${file}`, import.meta.url).pathname,
      args: [role, installed, program],
      env: { ...this.#env, ...(this.#isPreloaded && { OTEL_SERVICE_NAME: role }) },
    });
  }
}

function telemetryOf(receiver: Receiver): Record<string, string> {
  return {
    ...telemetryEnv(receiver),
    TELLTALE: index,
    OTEL_METRICS_EXPORTER: "otlp",
  };
}

export async function urlOf(front: Program): Promise<string> {
  return front.waitForStdout((stdout) => /http:\S+/.exec(stdout)?.[0]);
}

/** Sends the row's orders, waits for what becomes of each, and lets both processes end. */
export async function runConversation(
  row: QueueRow,
  queue: string,
  urls: ServiceUrls,
  isPreloaded: boolean,
): Promise<ConversationResult> {
  const receiver = await startReceiver();
  const pair = new ProcessPair(row, queue, urls, isPreloaded ? receiver : undefined);
  const back = pair.start("back");
  const programs = [back];
  const killAll = (): void => {
    for (const program of programs) program.kill("SIGKILL");
  };
  // Who waits for their words is told then, and by that fails.
  const deadline = setTimeout(killAll, WAIT_TIMEOUT_MS);
  try {
    await back.waitForStdout((stdout) => /ready/.exec(stdout));
    const front = pair.start("front");
    programs.push(front);
    const url = await urlOf(front);
    const answers: Record<string, string> = {};
    for (const name of ordersOf(row)) {
      answers[name] = await (await fetch(`${url}/?${orders[name]}`)).text();
      await waitForOutcome(row, name, back);
    }
    // Who has said its last word gets its signal; who is dead doesn't mind it.
    front.kill("SIGTERM");
    back.kill("SIGTERM");
    const ended = { front: await front.ended, back: await back.ended };
    await receiver.settled();
    return { answers, ...ended, receiver };
  } catch (error) {
    killAll();
    await receiver.close();
    throw error;
  } finally {
    clearTimeout(deadline);
  }
}

/** Until the consumer has done with the order, one way or the other. */
async function waitForOutcome(row: QueueRow, name: OrderName, back: Program): Promise<void> {
  if (name === "once" && row.exitsOnFailure === true) {
    await back.ended;
    return;
  }
  const isDone = name === "fine" || (name === "once" && row.retried !== "no");
  const last = isDone ? `done order-${name}` : `gave up order-${name}`;
  await back.waitForStdout((stdout) => (stdout.includes(last) ? true : undefined));
}
