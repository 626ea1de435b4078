import { type ProgramResult, preload, Program, telemetryEnv } from "../../integration/program.ts";
import { nodes } from "../../nodes.ts";
import { WAIT_TIMEOUT_MS } from "../../until.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import type { QueueRow } from "./rows.ts";

const index = new URL("../../../dist/index.js", import.meta.url).href;

/** The broker of a row, and the database that its consumer queries. */
export interface ServiceUrls {
  readonly broker: string;
  readonly database: string;
}

/** The output and the telemetry of two processes that exchanged messages. */
export interface ConversationResult {
  /** Responses of the front, by order. */
  readonly responses: Readonly<Record<string, string>>;
  readonly front: ProgramResult;
  readonly back: ProgramResult;
  readonly receiver: Receiver;
}

/** An order of each kind, in this order. */
export const orders = {
  /** Succeeds. */
  fine: "id=order-fine",
  /** Fails once. */
  once: "id=order-once&failures=1",
  /** Fails twice, which is the maximum number of attempts of a job. */
  twice: "id=order-twice&failures=2",
} as const;

export type OrderName = keyof typeof orders;

export function ordersOf({ retried }: QueueRow): readonly OrderName[] {
  return retried === "with a limit" ? ["fine", "once", "twice"] : ["fine", "once"];
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
  return front.waitForStdout((stdout) => /(http:\S+)\s/.exec(stdout)?.[1]);
}

/** Sends the row's orders, waits for the outcome of each, and ends both processes. */
export async function runConversation(
  row: QueueRow,
  queue: string,
  urls: ServiceUrls,
  isPreloaded: boolean,
  env: Readonly<Record<string, string>> = {},
): Promise<ConversationResult> {
  const receiver = await startReceiver();
  const pair = new ProcessPair(row, queue, urls, isPreloaded ? receiver : undefined, env);
  const back = pair.start("back");
  const programs = [back];
  const killAll = (): void => {
    for (const program of programs) program.kill("SIGKILL");
  };
  // Rejects all waits for their output.
  const deadline = setTimeout(killAll, WAIT_TIMEOUT_MS);
  try {
    await back.waitForStdout((stdout) => /ready/.exec(stdout));
    const front = pair.start("front");
    programs.push(front);
    const url = await urlOf(front);
    const responses: Record<string, string> = {};
    for (const name of ordersOf(row)) {
      responses[name] = await (await fetch(`${url}/?${orders[name]}`)).text();
      await waitForOutcome(row, name, back);
    }
    front.kill("SIGTERM");
    back.kill("SIGTERM");
    const ended = { front: await front.ended, back: await back.ended };
    await receiver.settled();
    return { responses, ...ended, receiver };
  } catch (error) {
    killAll();
    await receiver.close();
    throw error;
  } finally {
    clearTimeout(deadline);
  }
}

/** Waits until the consumer has processed the order or has given up. */
async function waitForOutcome(row: QueueRow, name: OrderName, back: Program): Promise<void> {
  if (name === "once" && row.exitsOnFailure === true) {
    await back.ended;
    return;
  }
  const isDone = name === "fine" || (name === "once" && row.retried !== "no");
  const last = isDone ? `done order-${name}` : `gave up order-${name}`;
  await back.waitForStdout((stdout) => (stdout.includes(last) ? true : undefined));
}
