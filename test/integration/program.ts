import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Receiver } from "../../src/testing/receiver.ts";
import { node } from "../nodes.ts";
import { WAIT_TIMEOUT_MS } from "../until.ts";

const dist = new URL("../../dist/", import.meta.url);

/** The flags of Node that preload what the build made. */
export const preload: Readonly<Record<"import" | "require", readonly string[]>> = {
  import: ["--import", new URL("register.js", dist).href],
  require: ["--require", fileURLToPath(new URL("register.js", dist))],
};

/**
 * What a preloaded program needs to know to send everything to `receiver`, at
 * its end too: on a busy machine that may take longer than the default.
 */
export function telemetryEnv(receiver: Receiver): Record<string, string> {
  return {
    OTEL_SERVICE_NAME: "warehouse",
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_PROMETHEUS_PORT: "0",
    SENTRY_DSN: receiver.dsn,
    // The programs talk to their tests by the console, which is no log of theirs.
    OTEL_NODE_DISABLED_INSTRUMENTATIONS: "console",
    TELLTALE_FLUSH_TIMEOUT: "60000",
  };
}

export interface ProgramOptions {
  /** Absolute. */
  readonly file: string;
  readonly node?: string;
  /** Of Node, before the program. */
  readonly flags?: readonly string[];
  readonly args?: readonly string[];
  /** All of its environment but the PATH. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface ProgramResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From its last word on stdout until the process was gone. */
  readonly exitTookMs: number;
}

/** A program as a process of its own, which ends with its tests, however they end. */
export class Program {
  /** Those that have not ended yet. */
  static readonly #running = new Set<Program>();
  readonly ended: Promise<ProgramResult>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  #stdout = "";
  #stderr = "";
  #lastOutputAt: number = performance.now();

  constructor(options: ProgramOptions) {
    const { flags = [], args = [], file } = options;
    this.#child = spawn(options.node ?? node, [...flags, file, ...args], {
      cwd: options.cwd,
      env: { PATH: process.env["PATH"], ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#lastOutputAt = performance.now();
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    this.ended = this.#collectResult();
    Program.#running.add(this);
  }

  /** Ends what tests that failed have left running. */
  static async killAll(): Promise<void> {
    const running = [...Program.#running];
    for (const program of running) program.kill("SIGKILL");
    await Promise.all(running.map(({ ended }) => ended));
  }

  get stdout(): string {
    return this.#stdout;
  }

  /**
   * Resolves with what `look` finds on stdout; rejects if the program ends
   * without, or doesn't say it in all the time that a busy machine may need.
   */
  async waitForStdout<T>(find: (stdout: string) => T | undefined | null): Promise<T> {
    const patience = AbortSignal.timeout(WAIT_TIMEOUT_MS);
    for (;;) {
      const found = find(this.#stdout);
      if (found !== undefined && found !== null) return found;
      if (patience.aborted) throw new Error(this.#failureMessage("did not say what it should"));
      if (this.#child.stdout.closed) throw new Error(this.#failureMessage("ended too soon"));
      await this.#nextOutput(patience);
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits for the next output, or for what makes waiting vain. */
  async #nextOutput(patience: AbortSignal): Promise<void> {
    const output = once(this.#child.stdout, "data", { signal: patience });
    await Promise.race([output.catch(() => {}), this.ended]);
  }

  async #collectResult(): Promise<ProgramResult> {
    const closed = once(this.#child, "close");
    const [code, signal] = (await once(this.#child, "exit")) as [
      ProgramResult["code"],
      ProgramResult["signal"],
    ];
    const exitTookMs = performance.now() - this.#lastOutputAt;
    await closed;
    Program.#running.delete(this);
    return { code, signal, stdout: this.#stdout, stderr: this.#stderr, exitTookMs };
  }

  #failureMessage(what: string): string {
    const command = this.#child.spawnargs.join(" ");
    return `the program ${what}: ${command}\n${this.#stdout}\n${this.#stderr}`;
  }
}

// Not there where a bench runs a program.
if (typeof after === "function") after(() => Program.killAll());
