import { type ChildProcess, spawn } from "node:child_process";
import { waitAtMost } from "../../bounded-wait.ts";
import { type Exit, waitForExit } from "../child-process.ts";
import { printMessage } from "../command-output.ts";
import type { ForwardedSignals } from "../dev/forwarded-signals.ts";
import type { ExecOptions } from "./options.ts";
import { CommandOutputs } from "./command-outputs.ts";
import { describeOutput, readAppended } from "./output-target.ts";

export interface Command extends Pick<ExecOptions, "name" | "words" | "tailLines"> {
  readonly env: NodeJS.ProcessEnv;
  readonly signals: ForwardedSignals;
}

/** How a command ended, or why it could not be started. */
interface CommandEnd {
  readonly exit: Exit;
  readonly problem: string | undefined;
}

export interface CommandResult extends CommandEnd {
  readonly pid: number | undefined;
  /** The last output, as it was written. */
  readonly output: string;
  readonly durationMs: number;
}

/** Runs a command with the standard streams of this process. Never rejects. */
export async function runCommand(command: Command): Promise<CommandResult> {
  const startedAt = performance.now();
  const targets = [1, 2].map(describeOutput);
  const outputs = new CommandOutputs(targets, command.tailLines > 0);
  let pid: number | undefined;
  let end: CommandEnd;
  try {
    const child = startCommand(command, outputs);
    pid = child.pid;
    forwardSignals(command.signals, child);
    end = { exit: await waitForExit(child), problem: undefined };
  } catch (error) {
    end = failedStart(error as NodeJS.ErrnoException);
    printMessage(`exec ${command.name}: ${end.problem}`);
  }
  const durationMs = performance.now() - startedAt;
  await closed(outputs, command.name);
  const output = [...targets.map(readAppended), outputs.tail].join("");
  return { ...end, pid, output, durationMs };
}

function startCommand({ words, env }: Command, outputs: CommandOutputs): ChildProcess {
  const [program = "", ...args] = words;
  try {
    const child = spawn(program, args, { env, stdio: ["inherit", ...outputs.stdio] });
    outputs.relay(child);
    return child;
  } finally {
    outputs.started();
  }
}

/** Forwards signals, and one that was received before there was a command. */
function forwardSignals(signals: ForwardedSignals, child: ChildProcess): void {
  const { first } = signals;
  signals.forwardTo(child);
  if (first !== undefined) child.kill(first);
}

/** Returns the exit codes of shells. */
function failedStart({ code, message }: NodeJS.ErrnoException): CommandEnd {
  const exit: Exit = { code: code === "ENOENT" ? 127 : 126, signal: null };
  return { exit, problem: `the command can't be started: ${code ?? message}` };
}

/** How long the output may stay open after the end of the command, in processes that it has left behind. */
const LEFT_BEHIND_MS = 10_000;

async function closed(outputs: CommandOutputs, name: string): Promise<void> {
  let isClosed = false;
  const closing = outputs.closed.then(() => {
    isClosed = true;
  });
  await waitAtMost(closing, LEFT_BEHIND_MS);
  if (isClosed) return;
  printMessage(
    `exec ${name}: the output is still open ${LEFT_BEHIND_MS / 1000} s after the end of the command, and is closed now; use --tail 0 for commands that leave processes behind`,
  );
}
