import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** Time that a command has to exit after SIGTERM. */
const KILL_AFTER_MS = 5000;

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Resolves with the end of a process.
 *
 * @throws the error of a command that can't be started.
 */
export async function waitForExit(child: ChildProcess): Promise<Exit> {
  const [code, signal] = (await once(child, "exit")) as [Exit["code"], Exit["signal"]];
  return { code, signal };
}

/** Ends a process by SIGTERM, and one that goes on by SIGKILL. */
export async function terminate(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const killTimer = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
  await exited;
  clearTimeout(killTimer);
}

/** Returns a port that is free, for a program that is started. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
