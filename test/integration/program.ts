import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { addStartedProgram } from "../../scripts/test/started-programs.ts";
import type { Receiver } from "../../src/testing/receiver.ts";
import { node } from "../nodes.ts";
import { WAIT_TIMEOUT_MS } from "../until.ts";

const dist = new URL("../../dist/", import.meta.url);

/** Flags of Node that preload the build. */
export const preload: Readonly<Record<"import" | "require", readonly string[]>> = {
  import: ["--import", new URL("register.js", dist).href],
  require: ["--require", fileURLToPath(new URL("register.js", dist))],
};

/**
 * Returns the environment of a preloaded program that sends all telemetry to
 * `receiver`. The exit flush may take longer than the default on a busy host.
 */
export function telemetryEnv(receiver: Receiver): Record<string, string> {
  return {
    OTEL_SERVICE_NAME: "warehouse",
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_PROMETHEUS_PORT: "0",
    SENTRY_DSN: receiver.dsn,
    // The programs print messages for their tests on the console, which are no logs.
    OTEL_NODE_DISABLED_INSTRUMENTATIONS: "console",
    // On a busy machine any request may be slow and any code may block, and tests count log
    // records and the events of spans.
    TELLTALE_SLOW_REQUEST_MS: "0",
    TELLTALE_EVENT_LOOP_STALL_MS: "0",
    TELLTALE_FLUSH_TIMEOUT: "60000",
  };
}

export interface ProgramOptions {
  /** Absolute path. */
  readonly file: string;
  readonly node?: string;
  /** Flags of Node. */
  readonly flags?: readonly string[];
  readonly args?: readonly string[];
  /** The environment, except PATH. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Whether it has a channel to this process, as `fork` opens it. Default: none. */
  readonly hasChannel?: boolean;
}

export interface ProgramResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Time from its last output on stdout to its exit. */
  readonly exitTookMs: number;
}

/** How much of its output on stderr is part of the report of a failed test. */
const REPORTED_CHARACTERS = 1_500;

/** Signals that ask a program to end. */
const ENDING_SIGNALS: ReadonlySet<NodeJS.Signals> = new Set(["SIGHUP", "SIGINT", "SIGTERM"]);

/** A program in a child process, which ends with its tests, however they end. */
export class Program {
  /** Programs that have not ended. */
  static readonly #running = new Set<Program>();
  /**
   * Rejects, after it has killed the program, if that still runs long after the test sent it a
   * signal to end: a test would wait for it until mocha's time limit.
   */
  readonly ended: Promise<ProgramResult>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  #stdout = "";
  #stderr = "";
  #lastOutputAt: number = performance.now();
  #endedAt: number | undefined = undefined;
  /** The signal that the test sent it while it ran. */
  #sentSignal: NodeJS.Signals | undefined = undefined;
  /** Runs since the first signal to end. */
  #endLimit: NodeJS.Timeout | undefined = undefined;
  readonly #overdue = Promise.withResolvers<"overdue">();

  constructor(options: ProgramOptions) {
    const { flags = [], args = [], file } = options;
    this.#child = spawn(options.node ?? node, [...flags, file, ...args], {
      cwd: options.cwd,
      env: { PATH: process.env["PATH"], ...options.env },
      stdio: ["ignore", "pipe", "pipe", ...(options.hasChannel === true ? (["ipc"] as const) : [])],
    }) as ChildProcessByStdio<null, Readable, Readable>;
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#lastOutputAt = performance.now();
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    this.ended = this.#collectResult();
    this.ended.catch(() => {});
    Program.#running.add(this);
    addStartedProgram(this);
  }

  /** Ends the programs that failed tests have left running. */
  static async killAll(): Promise<void> {
    const running = [...Program.#running];
    for (const program of running) program.kill("SIGKILL");
    await Promise.allSettled(running.map(({ ended }) => ended));
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** What it has printed on stderr so far. */
  get stderr(): string {
    return this.#stderr;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get endedAt(): number | undefined {
    return this.#endedAt;
  }

  /** Describes how it runs, or how it has ended, with the end of its output on stderr. */
  describe(): string {
    const { exitCode, signalCode, spawnargs } = this.#child;
    const sent = this.#sentSignal === undefined ? "" : ` after the test sent ${this.#sentSignal}`;
    const state =
      exitCode === null && signalCode === null
        ? "still runs"
        : `has ended with ${signalCode ?? exitCode}`;
    const output = this.#stderr.trim().slice(-REPORTED_CHARACTERS);
    return `the program ${state}${sent}: ${spawnargs.join(" ")}${output && `\n${output}`}`;
  }

  /**
   * Resolves with the result of `find` on stdout. Rejects if the program ends without
   * one, or after the time limit.
   */
  async waitForStdout<T>(find: (stdout: string) => T | undefined | null): Promise<T> {
    const timeout = AbortSignal.timeout(WAIT_TIMEOUT_MS);
    for (;;) {
      const found = find(this.#stdout);
      if (found !== undefined && found !== null) return found;
      if (timeout.aborted)
        throw new Error(this.#failureMessage("did not print the expected output"));
      if (this.#child.stdout.closed)
        throw new Error(this.#failureMessage("ended before the expected output"));
      await this.#nextOutput(timeout);
    }
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.#child.kill(signal)) return;
    this.#sentSignal = signal;
    if (ENDING_SIGNALS.has(signal)) this.#endLimit ??= this.#startEndLimit();
  }

  #startEndLimit(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#overdue.resolve("overdue");
      this.#child.kill("SIGKILL");
    }, WAIT_TIMEOUT_MS).unref();
  }

  /** Waits for the next output, the end of the program, or the time limit. */
  async #nextOutput(timeout: AbortSignal): Promise<void> {
    const output = once(this.#child.stdout, "data", { signal: timeout });
    await Promise.race([output.catch(() => {}), this.ended]);
  }

  async #collectResult(): Promise<ProgramResult> {
    const closed = once(this.#child, "close");
    const [code, signal] = (await once(this.#child, "exit")) as [
      ProgramResult["code"],
      ProgramResult["signal"],
    ];
    const exitTookMs = performance.now() - this.#lastOutputAt;
    // Its output may go on longer, if its own children do.
    const end = await Promise.race([closed, this.#overdue.promise]);
    clearTimeout(this.#endLimit);
    this.#endedAt = performance.now();
    Program.#running.delete(this);
    if (end === "overdue") throw new Error(this.#failureMessage(this.#overdueText()));
    return { code, signal, stdout: this.#stdout, stderr: this.#stderr, exitTookMs };
  }

  #overdueText(): string {
    return `did not end within ${WAIT_TIMEOUT_MS / 1000} s of ${this.#sentSignal}`;
  }

  #failureMessage(what: string): string {
    const command = this.#child.spawnargs.join(" ");
    return `the program ${what}: ${command}\n${this.#stdout}\n${this.#stderr}`;
  }
}

// Benchmarks run programs without mocha.
if (typeof after === "function") after(() => Program.killAll());
