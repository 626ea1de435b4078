import { spawnSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";

/** Both ends of a pipe. */
export interface Pipe {
  readonly reader: Readable;
  /** Descriptor for a child process; to be closed after its start. */
  readonly writer: number;
}

/**
 * Creates a pipe of the kernel. What Node calls a pipe is a socket, which a command can't open as
 * `/dev/stdout`, and which does not end it by SIGPIPE.
 *
 * @throws if there is no `mkfifo`, or no folder for it.
 */
export function createPipe(): Pipe {
  const folder = mkdtempSync(join(tmpdir(), "telltale-"));
  try {
    const path = join(folder, "pipe");
    const { error, status } = spawnSync("mkfifo", ["-m", "600", path], { stdio: "ignore" });
    if (error !== undefined || status !== 0) throw error ?? new Error(`mkfifo: ${status}`);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(path, constants.O_WRONLY);
    return { reader: new Socket({ fd: reader, readable: true, writable: false }), writer };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Closes the end that a child process has. */
export function closeWriter({ writer }: Pipe): void {
  closeSync(writer);
}
