import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Receiver } from "../../src/receiver/receiver.ts";
import { node } from "../nodes.ts";

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
export function telemetryTo(receiver: Receiver): Record<string, string> {
  return {
    OTEL_SERVICE_NAME: "warehouse",
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_PROMETHEUS_PORT: "0",
    SENTRY_DSN: receiver.dsn,
    // The programs talk to their tests by the console, which is no log of theirs.
    OTEL_NODE_DISABLED_INSTRUMENTATIONS: "console",
    TELLTALE_FLUSH_TIMEOUT: "10000",
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

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From its last word on stdout until the process was gone. */
  readonly endTookMs: number;
}

/** A program as a process of its own. */
export class Program {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  #stdout = "";
  #stderr = "";
  #saidAt: number = performance.now();

  constructor(options: ProgramOptions) {
    const { flags = [], args = [], file } = options;
    this.#child = spawn(options.node ?? node, [...flags, file, ...args], {
      cwd: options.cwd,
      env: { PATH: process.env["PATH"], ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#saidAt = performance.now();
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    this.ended = this.#end();
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** Resolves with what `look` finds on stdout; rejects if the program ends without. */
  async says<T>(look: (stdout: string) => T | undefined | null): Promise<T> {
    for (;;) {
      const found = look(this.#stdout);
      if (found !== undefined && found !== null) return found;
      await Promise.race([once(this.#child.stdout, "data"), this.ended]);
      if (this.#child.stdout.closed && !look(this.#stdout)) throw new Error(this.#complaint());
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async #end(): Promise<Ended> {
    const closed = once(this.#child, "close");
    const [code, signal] = (await once(this.#child, "exit")) as [Ended["code"], Ended["signal"]];
    const endTookMs = performance.now() - this.#saidAt;
    await closed;
    return { code, signal, stdout: this.#stdout, stderr: this.#stderr, endTookMs };
  }

  #complaint(): string {
    const command = this.#child.spawnargs.join(" ");
    return `the program ended too soon: ${command}\n${this.#stdout}\n${this.#stderr}`;
  }
}
