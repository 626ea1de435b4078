import { spawn } from "node:child_process";
import { once } from "node:events";
import { UserError } from "./user-error.ts";
import type { Configuration } from "./configuration.ts";
import { explain } from "./explain.ts";

/** Told to stop, it empties its queues first; then it is gone by itself. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Lets the Collector read the configuration, and build what it describes.
 *
 * @throws Complaint that says what to mend.
 */
export async function validate(
  binary: string,
  configuration: Configuration,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const { code, error } = await runProcess(binary, ["validate"], configuration, () => {}, env);
  if (code !== 0) throw toUserError(configuration, error, code);
}

/**
 * Runs the Collector until it ends, or until we are told to stop. What it says
 * is passed on, but for its last words when it can't start: those are explained.
 *
 * @returns its exit code.
 * @throws Complaint that says what to mend.
 */
export async function runCollector(binary: string, configuration: Configuration): Promise<number> {
  process.stderr.write(`collector: starting with ${configuration.names.join(" + ")}\n`);
  const { code, error, isStopRequested } = await runProcess(binary, [], configuration, (line) => {
    process.stderr.write(`${line}\n`);
  });
  // It says that it is ready before it listens to signals: one that comes in between
  // ends it at once, and has done what was wanted.
  if (code !== 0 && !(code === null && isStopRequested))
    throw toUserError(configuration, error, code);
  return 0;
}

interface CollectorExit {
  readonly code: number | null;
  /** Its last words: from "Error: " on. */
  readonly error: string;
  /** Whether we have told it to stop. */
  readonly isStopRequested: boolean;
}

async function runProcess(
  binary: string,
  args: readonly string[],
  configuration: Configuration,
  pass: (line: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<CollectorExit> {
  const { files, overrides = [] } = configuration;
  const config = [...files, ...overrides].map((one) => `--config=${one}`);
  const child = spawn(binary, [...args, ...config], { env, stdio: ["ignore", "inherit", "pipe"] });
  let isStopRequested = false;
  const stop = (signal: NodeJS.Signals): void => {
    isStopRequested = child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  const lastWords = collectLines(child.stderr, pass);
  try {
    const [code] = (await once(child, "close")) as [number | null];
    return { code, error: lastWords(), isStopRequested };
  } catch (error) {
    throw new UserError(`${binary} can't be run: ${(error as Error).message}`);
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

/** Passes on the lines up to "Error: ", and the stack traces not at all. */
function collectLines(stream: NodeJS.ReadableStream, pass: (line: string) => void): () => string {
  const error: string[] = [];
  let rest = "";
  const addLine = (line: string): void => {
    if (error.length > 0 || line.startsWith("Error: ")) error.push(line);
    else if (!isStackTraceLine(line)) pass(line);
  };
  stream.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) addLine(line);
  });
  return () => {
    if (rest !== "") addLine(rest);
    return error.join("\n").trim();
  };
}

/**
 * zap puts Go's stack under what it logs as an error: a line with a function
 * (`main.run`, `github.com/spf13/cobra.(*Command).Execute`), then one with a
 * tab and its file. Both are no news to who runs a Collector.
 */
function isStackTraceLine(line: string): boolean {
  return /^\t\S+\.go:\d+$/.test(line) || /^[\w./-]+\.[\w.()*[\]]+$/.test(line);
}

function toUserError(configuration: Configuration, error: string, code: number | null): UserError {
  const message = error.replace(/^Error: /, "");
  const meaning = explain(message, configuration);
  if (message === "") return new UserError(`the Collector ended with ${code ?? "a signal"}`);
  return new UserError(
    meaning === undefined
      ? `${configuration.names.join(" + ")} can't be used: ${message}`
      : `${meaning}\n  (the Collector: ${message.replaceAll(/\s*\n\s*/g, " ")})`,
  );
}
