import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { WAIT_TIMEOUT_MS } from "../../until.ts";

export { freePorts } from "../../free-port.ts";

/** A server that a test starts. */
export interface DaemonOptions {
  /** Name for messages and for its folder. */
  readonly name: string;
  /**
   * Command that ends with its process group, so it may be a shell that starts
   * several programs.
   */
  readonly command: readonly [string, ...string[]];
  /** Complete environment, apart from PATH. */
  readonly env?: Readonly<Record<string, string>>;
  /** Resolves once the server responds; rejects until then. */
  readonly isReady: () => Promise<void>;
  /** How long it may take to end. Default: 10 s. */
  readonly endSeconds?: number;
  /** Receives the server's output on stdout and stderr. */
  readonly onOutput?: (text: string) => void;
}

/**
 * Reads stdin, whose end is held by this process, so that the server also stops if
 * this process is killed.
 */
const WATCHDOG_SCRIPT = `
  garbage=$1; limit=$2; shift 2
  cd /
  "$@" </dev/null & server=$!
  read -r nothing
  trap "" TERM
  kill -TERM 0
  ( sleep $limit; kill -KILL -$$ ) & killer=$!
  wait $server
  rm -rf -- "$garbage"
  kill -KILL 0
`;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * A server in its own process group, which ends with `stop` and with this process,
 * however that ends.
 */
export class Daemon {
  readonly directory: string;
  #child: Child | undefined = undefined;
  #output = "";

  /** @param name name for its temporary folder, which is created here */
  constructor(name: string) {
    this.directory = mkdtempSync(join(tmpdir(), `telltale-${name}-`));
  }

  /** @throws Error with the server's output if it does not respond in time */
  async start(options: DaemonOptions): Promise<void> {
    const { command, env, isReady, onOutput, endSeconds = 10 } = options;
    const args = ["-c", WATCHDOG_SCRIPT, "sh", this.directory, String(endSeconds), ...command];
    const child: Child = spawn("/bin/sh", args, {
      env: { PATH: process.env["PATH"], HOME: this.directory, LC_ALL: "C.UTF-8", ...env },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#output = (this.#output + text).slice(-10_000);
        onOutput?.(text);
      });
    }
    await this.#waitUntilReady(isReady, child, performance.now() + WAIT_TIMEOUT_MS, options.name);
  }

  /** Can be called repeatedly. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const closed = once(child, "close");
      child.stdin.end();
      await closed;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #waitUntilReady(
    answers: () => Promise<void>,
    child: Child,
    deadline: number,
    name: string,
  ): Promise<void> {
    for (;;) {
      try {
        await answers();
        return;
      } catch (error) {
        if (child.exitCode === null && performance.now() < deadline) {
          await delay(50);
          continue;
        }
        await this.stop();
        throw new Error(`${name} did not start: ${String(error)}\n${this.#output}`, {
          cause: error,
        });
      }
    }
  }
}

/**
 * Sends `greeting` to a port and returns the first data of the response; throws if
 * there is none.
 */
export async function greet(
  port: number,
  greeting: Uint8Array,
  isAnswer: (data: Buffer) => boolean,
): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    if (greeting.length > 0) socket.write(greeting);
    const [data] = (await once(socket, "data", { signal: AbortSignal.timeout(2_000) })) as [Buffer];
    if (!isAnswer(data))
      throw new Error(`unexpected answer: ${data.toString("latin1").slice(0, 80)}`);
  } finally {
    socket.on("error", () => {}).destroy();
  }
}
