import { fileURLToPath } from "node:url";
import type {
  ReceivedEvent,
  ReceivedLog,
  ReceivedMetric,
  ReceivedSpan,
} from "../../../src/testing/received.ts";
import { startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, telemetryEnv } from "../../integration/program.ts";
import { nodes, type TestNode } from "../../nodes.ts";

export type LoggedLine = Readonly<Record<string, unknown>>;

export interface LoggerRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly logs: readonly ReceivedLog[];
  readonly spans: readonly ReceivedSpan[];
  readonly metrics: readonly ReceivedMetric[];
  readonly events: readonly ReceivedEvent[];
}

export interface LoggerRunOptions {
  readonly node?: TestNode["name"];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Runs the app without telltale. */
  readonly bare?: boolean;
}

/** Runs one of `apps/` until it exits, and returns what it printed and sent. */
export async function runLogger(app: string, options: LoggerRunOptions = {}): Promise<LoggerRun> {
  const receiver = await startReceiver();
  try {
    const program = new Program({
      file: fileURLToPath(new URL(`apps/${app}`, import.meta.url)),
      node: pathOf(options.node ?? "26"),
      flags: options.bare === true ? [] : preload.import,
      args: options.args ?? [],
      env: {
        ...telemetryEnv(receiver),
        OTEL_NODE_DISABLED_INSTRUMENTATIONS: "",
        // The tests of records log errors, too.
        TELLTALE_LOG_EVENTS: "false",
        // All records are sent together at the exit, and so in their order.
        OTEL_BLRP_SCHEDULE_DELAY: "600000",
        ...options.env,
      },
    });
    const { stdout, stderr, code } = await program.ended;
    await receiver.settled();
    const { logs, spans, metrics, events } = receiver;
    return {
      stdout,
      stderr,
      code,
      logs: [...logs],
      spans: [...spans],
      metrics: [...metrics],
      events: [...events],
    };
  } finally {
    await receiver.close();
  }
}

/** Parses the JSON lines of a text. Other lines are left out. */
export function linesIn(text: string): LoggedLine[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as LoggedLine);
}

/** Returns the server span of the request for `path`. */
export function serverSpanAt({ spans }: LoggerRun, path: string): ReceivedSpan {
  const found = spans.find(
    ({ kind, attributes }) => kind === "SERVER" && attributes["url.path"] === path,
  );
  if (found === undefined) throw new Error(`no server span of ${path}`);
  return found;
}

function pathOf(name: TestNode["name"]): string {
  const found = nodes.find((node) => node.name === name) ?? nodes.at(-1);
  if (found === undefined) throw new Error("no Node is installed for the tests");
  return found.path;
}
