import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { waitAtMost } from "../../bounded-wait.ts";
import { inheritedEnvironment } from "../../env.ts";
import { type Exit, terminate, waitForExit } from "../child-process.ts";
import { Interruption } from "../interruption.ts";
import { type ObservedRun, readRun } from "./observed-run.ts";
import { probe } from "./probe.ts";

/** The preload of this package, relative to `dist/cli-doctor.js` or to this file. */
const REGISTER = new URL(
  import.meta.url.endsWith(".ts") ? "../../../dist/register.js" : "./register.js",
  import.meta.url,
);

/** Distinguishes doctor's preload from one of the app, which is another module then. */
const DOCTOR_QUERY = "?doctor";

/** How often the reports are read, in milliseconds. */
const POLL_MS = 100;

const REQUEST_TIMEOUT_MS = 10_000;

export interface CommandOptions {
  readonly command: readonly string[];
  /** How long the app runs after it has listened, in milliseconds. */
  readonly runMs: number;
  /** How long a command runs that does not listen, in milliseconds. */
  readonly limitMs: number;
  /** Paths of the app to request once it listens. */
  readonly requests: readonly string[];
  /** The port of telltale's own server; 0 if it is not known. */
  readonly adminPort: number;
  /** Whether stdout is for the result of doctor: the app writes to stderr then. */
  readonly usesStderr: boolean;
  /** Called while the app runs, before it is ended. */
  readonly whileRunning: (run: ObservedRun) => Promise<void>;
}

/** What became of the command. */
export interface CommandRun {
  readonly run: ObservedRun;
  /** Undefined if doctor has ended it. */
  readonly exit: Exit | undefined;
  readonly requests: readonly RequestResult[];
  readonly isInterrupted: boolean;
}

export interface RequestResult {
  readonly path: string;
  /** Undefined: no answer. */
  readonly status: number | undefined;
  /** Server spans that were added. */
  readonly spans: number;
}

/**
 * Runs a command with the preload, with its input and output passed through, until it has
 * listened for a while, ends, or is interrupted.
 *
 * @throws Error if the command can't be started.
 */
export async function runCommand(options: CommandOptions): Promise<CommandRun> {
  const folder = mkdtempSync(join(tmpdir(), "telltale-doctor-"));
  const interruption = new Interruption();
  try {
    return await observe(start(options, folder), folder, options, interruption);
  } finally {
    interruption.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

function start({ command, usesStderr }: CommandOptions, folder: string): ChildProcess {
  const [program = "", ...args] = command;
  const env = inheritedEnvironment();
  const preload = `--import=${REGISTER.href}${DOCTOR_QUERY}`;
  return spawn(program, args, {
    stdio: ["inherit", usesStderr ? 2 : "inherit", "inherit"],
    env: {
      ...env,
      TELLTALE_DOCTOR: folder,
      NODE_OPTIONS: `${env["NODE_OPTIONS"] ?? ""} ${preload}`.trim(),
    },
  });
}

/** The exit of the command, or an interruption. */
interface RunEnd {
  readonly reached: Promise<void>;
  readonly isOver: () => boolean;
}

async function observe(
  child: ChildProcess,
  folder: string,
  options: CommandOptions,
  interruption: Interruption,
): Promise<CommandRun> {
  let exit: Exit | undefined;
  let failure: Error | undefined;
  const ended = waitForExit(child).then(
    (value) => void (exit = value),
    (error: Error) => void (failure = error),
  );
  const isOver = (): boolean =>
    exit !== undefined || failure !== undefined || interruption.hasOccurred;
  const end: RunEnd = { reached: Promise.race([ended, interruption.occurred]), isOver };
  const port = await waitForPort(folder, options, isOver);
  const requests = port === undefined ? [] : await sendRequests(port, folder, options, end);
  if (!isOver() && port !== undefined) await waitAtMost(end.reached, options.runMs);
  if (failure !== undefined) throw failure;
  if (!isOver()) await options.whileRunning(readRun(folder));
  const ownExit = exit;
  const isInterrupted = interruption.hasOccurred;
  await terminate(child);
  await terminateRest(readRun(folder).pids);
  return {
    run: readRun(folder),
    exit: isInterrupted ? undefined : ownExit,
    requests,
    isInterrupted,
  };
}

/** Time that processes have to exit after SIGTERM. */
const KILL_AFTER_MS = 5000;

/** Ends the processes of the app that its parent has left: npm does not wait for its child. */
async function terminateRest(pids: readonly number[]): Promise<void> {
  const end = performance.now() + KILL_AFTER_MS;
  let signal: NodeJS.Signals | 0 = "SIGTERM";
  while (pids.filter((pid) => isRunning(pid) && sendSignal(pid, signal)).length > 0) {
    if (signal === "SIGKILL") return;
    await pause(POLL_MS);
    signal = performance.now() < end ? 0 : "SIGKILL";
  }
}

/** Returns whether the process exists. */
function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Whether a process is more than an entry of the kernel that its parent has not read. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return process.platform !== "linux";
  }
}

/** Returns the port of the app, or undefined if it has none in time. */
async function waitForPort(
  folder: string,
  { limitMs, adminPort }: CommandOptions,
  isOver: () => boolean,
): Promise<number | undefined> {
  const end = performance.now() + limitMs;
  while (performance.now() < end && !isOver()) {
    const port = readRun(folder).ports.find((one) => one !== adminPort);
    if (port !== undefined) return port;
    await pause(POLL_MS);
  }
  return undefined;
}

/**
 * Requests one path after the other, so that the spans of each can be counted. At the end of
 * the run, the request in progress is not waited for: it ends with the app.
 */
async function sendRequests(
  port: number,
  folder: string,
  { requests }: CommandOptions,
  end: RunEnd,
): Promise<RequestResult[]> {
  const results: RequestResult[] = [];
  for (const path of requests) {
    const before = readRun(folder).serverSpans;
    const url = `http://localhost:${port}${path.startsWith("/") ? "" : "/"}${path}`;
    const result = await Promise.race([
      probe({ url, method: "GET", timeoutMs: REQUEST_TIMEOUT_MS }),
      end.reached,
    ]);
    if (result === undefined) break;
    const status = result.kind === "response" ? result.response.status : undefined;
    results.push({ path, status, spans: await countSpans(folder, before, end.isOver) });
  }
  return results;
}

/** The app reports its numbers twice a second. */
const COUNT_MS = 3000;

async function countSpans(folder: string, before: number, isOver: () => boolean): Promise<number> {
  const end = performance.now() + COUNT_MS;
  let spans = 0;
  do {
    await pause(POLL_MS);
    spans = readRun(folder).serverSpans - before;
  } while (spans === 0 && !isOver() && performance.now() < end);
  return spans;
}
