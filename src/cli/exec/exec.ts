import type { Writable } from "node:stream";
import type { Exit } from "../child-process.ts";
import { printMessage, reportWrongUse } from "../command-output.ts";
import { ForwardedSignals } from "../dev/forwarded-signals.ts";
import { type CommandResult, runCommand } from "./command.ts";
import { type ExecOptions, parseExecOptions } from "./options.ts";
import { endOf } from "./end.ts";
import { createTelemetry, type JobTelemetry } from "./telemetry.ts";

const HELP = `telltale exec NAME [options] -- COMMAND [ARGUMENT ...]

  Runs a command, of cron or CI for instance, and records it as the span of the
  job NAME: its duration, exit code or signal and, if it fails, its last lines of
  output without secrets. The command has the input, output and error output of
  telltale exec, receives its signals, and continues the trace by TRACEPARENT.
  Telemetry goes where the OTEL_* variables point to.

  --tail LINES       lines of output of a failed command; default: 20, none: 0.
                     Output to a pipe is passed on through telltale exec for this,
                     and not with 0. Output to a terminal is never recorded.
  --timeout SECONDS  how long the end waits for the receiver; default: 3
  --json             prints the result as a JSON object on stderr
  --help

  It ends like the command, by its exit code or signal. Further exit codes: 127 no
  such command, 126 not executable, 2 wrong use.
`;

/** Runs `telltale exec`. Returns the exit code. */
export async function exec(args: readonly string[]): Promise<number> {
  const options = parseExecOptions(args);
  const { flags, problems } = options;
  if (flags.has("help")) {
    process.stdout.write(HELP);
    return 0;
  }
  if (problems.length > 0) {
    // Standard output is that of the command.
    if (flags.has("json")) printResult({ status: "wrong use", problems });
    return reportWrongUse(problems, false);
  }
  const signals = new ForwardedSignals();
  const telemetry = createTelemetry(options);
  const result = await runCommand({ ...options, env: telemetry.environment, signals });
  const isSent = await finish(telemetry, result, options);
  if (flags.has("json")) printResult(resultOf(telemetry, result, isSent));
  signals.dispose();
  await Promise.all([process.stdout, process.stderr].map(written));
  return end(result.exit);
}

/** Ends the span and sends it. Resolves within the limit, and never rejects. */
async function finish(
  telemetry: JobTelemetry,
  result: CommandResult,
  { name, timeoutMs }: ExecOptions,
): Promise<boolean> {
  telemetry.end(result);
  const isSent = await telemetry.flush(timeoutMs);
  if (isSent === false)
    printMessage(`the span of ${name} was not sent within ${timeoutMs / 1000} s`);
  return isSent !== false;
}

function resultOf(
  { name, spanContext }: JobTelemetry,
  { exit, problem, durationMs }: CommandResult,
  isSent: boolean,
): object {
  return {
    status: exit.code === 0 ? "done" : "failed",
    name,
    traceId: spanContext?.traceId,
    spanId: spanContext?.spanId,
    exitCode: exit.code,
    signal: exit.signal,
    problem,
    durationMs: Math.round(durationMs),
    sent: spanContext === undefined ? undefined : isSent,
  };
}

function printResult(result: object): void {
  process.stderr.write(`${JSON.stringify(result)}\n`);
}

/** Resolves when a slow reader has all output that was passed on, or is gone. */
async function written(stream: Writable): Promise<void> {
  if (stream.writableLength === 0) return;
  await new Promise<void>((resolve) => stream.write("", () => resolve()));
}

/** Ends this process like the command. Timers of exports that have failed do not keep it running. */
function end(exit: Exit): never {
  const { code, signal } = endOf(exit);
  if (signal !== undefined) process.kill(process.pid, signal);
  process.exit(code);
}
