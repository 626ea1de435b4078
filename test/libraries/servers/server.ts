import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../free-port.ts";
import { WAIT_TIMEOUT_MS } from "../../until.ts";
import { findInPath, requiredPrograms } from "../../../scripts/test/programs.ts";

/** A server for tests: on loopback, on a free port, with a temporary data folder. */
export interface StartedServer {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** Stops it and removes its data. Can be called repeatedly. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** A program of `scripts/debian-packages.txt`, or a path. */
  readonly program: string;
  /** @param folder an empty temporary folder, which is removed at the end */
  args(port: number, folder: string): readonly string[] | Promise<readonly string[]>;
  /** Whether the server is up; a refused connection means no. */
  isUp(port: number): Promise<boolean>;
}

const ATTEMPTS = 3;

/**
 * Starts a server, which ends with `stop` and with this process, however that
 * ends.
 *
 * @throws Error with the server's output if it does not start
 */
export async function startServer(options: ServerOptions): Promise<StartedServer> {
  const path = requireProgram(options.program);
  for (let attempt = 1; ; attempt++) {
    const folder = mkdtempSync(join(tmpdir(), "telltale-server-"));
    try {
      return await startOnce(path, folder, options);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      // Another process may have taken the port in the meantime.
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

/**
 * Returns the path of a program from `scripts/debian-packages.txt`.
 *
 * @throws Error with the name of the Debian package if it is missing
 */
export function requireProgram(program: string): string {
  if (program.includes("/")) return program;
  const path = findInPath(program);
  if (path !== undefined) return path;
  const known = requiredPrograms().find((entry) => entry.program === program);
  throw new Error(`${program} is missing (Debian: ${known?.debianPackage ?? "unknown"})`);
}

async function startOnce(
  path: string,
  folder: string,
  options: ServerOptions,
): Promise<StartedServer> {
  const port = await freePort();
  const args = await options.args(port, folder);
  const child = spawn("/bin/sh", ["-c", WATCHDOG_SCRIPT, "sh", folder, path, ...args], {
    // Excludes all variables that would affect the server.
    env: { PATH: process.env["PATH"], HOME: folder, LC_ALL: "C", TZ: "UTC" },
    cwd: folder,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const output = collect(child);
  if (!(await waitUntilUp(child, () => options.isUp(port)))) {
    await stopServer(child);
    throw new Error(`${path} did not start: ${output() || "it wrote nothing"}`);
  }
  return { host: "127.0.0.1", port, stop: () => stopServer(child) };
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Runs a command until stdin ends, which also happens when the process at its
 * other end is killed, and then removes the first argument's folder. Notices a
 * command that ends by itself by its closed stdout.
 */
const WATCHDOG_SCRIPT = `
  garbage=$1; shift
  "$@" </dev/null & server=$!
  exec >/dev/null 2>&1
  cd /
  read -r nothing
  kill -TERM $server
  (sleep 8; kill -KILL $server) & killer=$!
  wait $server
  kill $killer
  rm -rf -- "$garbage"
`;

const MAX_OUTPUT = 10_000;

function collect(child: Child): () => string {
  let output = "";
  const add = (text: string): void => {
    output = (output + text).slice(-MAX_OUTPUT);
  };
  child.stdout.setEncoding("utf8").on("data", add);
  child.stderr.setEncoding("utf8").on("data", add);
  return () => output.trim();
}

const POLL_INTERVAL_MS = 20;

async function waitUntilUp(child: Child, isUp: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + WAIT_TIMEOUT_MS;
  while (performance.now() < deadline && !child.stdout.closed && child.exitCode === null) {
    if (await isUp()) return true;
    await delay(POLL_INTERVAL_MS);
  }
  return false;
}

async function stopServer(child: Child): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.stdin.on("error", () => {}).end();
  await exited;
}

/**
 * Sends `request` to a local port and returns the first chunk of the response, or
 * undefined if there is none.
 */
export function sendAndReceive(
  port: number,
  request: string | Buffer,
): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      if (request.length > 0) socket.write(request);
    });
    const answer = (data?: Buffer): void => {
      resolve(data);
      socket.destroy();
    };
    socket.once("data", answer);
    socket.once("error", () => answer());
    socket.once("close", () => answer());
    socket.setTimeout(1000, () => answer());
  });
}
