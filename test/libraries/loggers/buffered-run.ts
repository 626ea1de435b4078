import { fileURLToPath } from "node:url";
import type { ReceivedEvent, ReceivedLog, ReceivedMetric } from "../../../src/testing/received.ts";
import { startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, telemetryEnv } from "../../integration/program.ts";
import { nodes, type TestNode } from "../../nodes.ts";
import { type LoggedLine, linesIn } from "./run.ts";

/** A logger of `apps/buffered/buffered-loggers.cjs`, and how it is loaded. */
export interface BufferedRow {
  readonly logger: string;
  readonly pino: string;
  readonly format: "cjs" | "mjs";
  readonly node: TestNode["name"];
}

export interface BufferedRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly lines: readonly LoggedLine[];
  readonly logs: readonly ReceivedLog[];
  readonly metrics: readonly ReceivedMetric[];
  readonly events: readonly ReceivedEvent[];
}

/** Sends a request for an id and an outcome; resolves with its status, 0 if it was aborted. */
type Send = (id: string, outcome: string, options?: SendOptions) => Promise<number>;

interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Runs the service of a logger with `TELLTALE_LOG_BUFFER=debug` while `drive` sends its
 * requests, and returns what it printed and sent until its exit.
 */
export async function runBuffered(
  { logger, pino, format, node }: BufferedRow,
  drive: (send: Send, program: Program) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): Promise<BufferedRun> {
  const receiver = await startReceiver();
  try {
    const program = new Program({
      file: fileURLToPath(new URL(`apps/buffered/buffered.${format}`, import.meta.url)),
      ...nodeOption(node),
      flags: preload.import ?? [],
      args: [logger, pino],
      env: {
        ...telemetryEnv(receiver),
        OTEL_BLRP_SCHEDULE_DELAY: "600000",
        TELLTALE_LOG_BUFFER: "debug",
        ...env,
      },
    });
    const port = await program.waitForStdout((text) => /^(\d+)\n/m.exec(text)?.[1]);
    await drive((...request) => send(port, ...request), program);
    const { stdout, stderr, code } = await program.ended;
    await receiver.settled();
    const { logs, metrics, events } = receiver;
    return {
      ...{ stdout, stderr, code, lines: linesIn(stdout) },
      ...{ logs: [...logs], metrics: [...metrics], events: [...events] },
    };
  } finally {
    await receiver.close();
  }
}

async function send(
  port: string,
  id: string,
  outcome: string,
  options: SendOptions = {},
): Promise<number> {
  const path = [id, outcome].map(encodeURIComponent).join("/");
  try {
    return (await fetch(`http://127.0.0.1:${port}/${path}`, options)).status;
  } catch {
    return 0;
  }
}

function nodeOption(name: TestNode["name"]): { readonly node?: string } {
  const path = nodes.find((node) => node.name === name)?.path;
  return path === undefined ? {} : { node: path };
}

/** Returns what a line or record is compared by: its level, and its number in its request. */
export function labelOf({ level, number }: LoggedLine): string {
  const name = typeof level === "number" ? PINO_LEVELS[level] : String(level);
  return number === undefined ? String(name) : `${name} ${JSON.stringify(number)}`;
}

const PINO_LEVELS: Readonly<Record<number, string>> = {
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
};

export function messageOf({ message, msg }: LoggedLine): unknown {
  return message ?? msg;
}

/** Returns the labels of all lines in the trace of the line of level info with this message, in their order. */
export function labelsInTrace(lines: readonly LoggedLine[], id: string): string[] {
  const traceId = lines.find((line) => messageOf(line) === id && labelOf(line) === "info")?.[
    "trace_id"
  ];
  if (traceId === undefined) throw new Error(`no line of ${id}`);
  return lines.filter((line) => line["trace_id"] === traceId).map(labelOf);
}

/** Returns the time of a line in milliseconds since the epoch. */
export function timeOf({ timestamp, time }: LoggedLine): number {
  return typeof time === "number" ? time : Date.parse(String(timestamp));
}
