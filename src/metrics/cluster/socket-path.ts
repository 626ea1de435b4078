import { createHash } from "node:crypto";
import { lstatSync, mkdirSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

/** The path of a socket is limited to 104 bytes on macOS and 108 on Linux, with the terminating zero. */
const MAX_PATH_BYTES = 103;

/**
 * Returns the path of the socket on which the process with the admin port collects the
 * metrics of the others. It is in a directory that only this user can enter, so no
 * other user can connect, or listen in its place.
 *
 * @param identity what both sides have in common; the host's name, which differs between
 *   containers that share a temporary directory, is added.
 * @returns undefined if there is no such directory, and on Windows.
 */
export function socketPath(identity: readonly (string | number)[]): string | undefined {
  if (process.platform === "win32") return undefined;
  const hash = createHash("sha256").update(JSON.stringify([hostname(), ...identity]));
  const name = `metrics-${hash.digest("hex").slice(0, 16)}.sock`;
  // A container with a read-only file system often has a writable shared memory.
  for (const base of [tmpdir(), "/dev/shm"]) {
    const directory = privateDirectory(base);
    const path = join(directory ?? "", name);
    if (directory !== undefined && Buffer.byteLength(path) <= MAX_PATH_BYTES) return path;
  }
  return undefined;
}

/** Creates the directory, or checks that an existing one is this user's alone. */
function privateDirectory(base: string): string | undefined {
  const uid = process.getuid?.();
  const directory = join(base, `telltale-${uid}`);
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch {
    // It exists, or can't be created; then it is not there either.
  }
  try {
    const found = lstatSync(directory);
    const isPrivate = found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0;
    return isPrivate ? directory : undefined;
  } catch {
    return undefined;
  }
}
