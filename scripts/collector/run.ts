import { spawn } from "node:child_process";
import { once } from "node:events";
import { UserError } from "../user-error.ts";
import type { Configuration } from "./configuration.ts";
import { explain } from "./explain.ts";

/** How long the Collector may take to empty its queues after a signal. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Validates a configuration with the Collector itself.
 *
 * @throws UserError that names what to correct.
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
 * Runs the Collector until it ends or a signal arrives. Its output is passed on,
 * except for the error of a failed start, which is explained.
 *
 * @returns its exit code.
 * @throws UserError that names what to correct.
 */
export async function runCollector(binary: string, configuration: Configuration): Promise<number> {
  process.stderr.write(`collector: starting with ${configuration.names.join(" + ")}\n`);
  const { code, error, isStopRequested } = await runProcess(binary, [], configuration, (line) => {
    process.stderr.write(`${line}\n`);
  });
  // It reports readiness before it listens to signals: a signal in between ends it
  // at once, as intended.
  if (code !== 0 && !(code === null && isStopRequested))
    throw toUserError(configuration, error, code);
  return 0;
}

interface CollectorExit {
  readonly code: number | null;
  /** The error that ended it: the text from "Error: " on. */
  readonly error: string;
  /** Whether a signal was sent to it. */
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

/** Passes on the lines up to "Error: ", without stack traces. */
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
 * Lines of the Go stack that zap appends to errors: one with a function
 * (`main.run`, `github.com/spf13/cobra.(*Command).Execute`), then one with a tab
 * and its file. They do not help users of the Collector.
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
