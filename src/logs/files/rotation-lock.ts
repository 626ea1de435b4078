import { closeSync, openSync, rmSync, statSync } from "node:fs";

/**
 * Age from which a lock is left over from a process that was killed, in milliseconds.
 * It is held for the few system calls of a rotation.
 */
const STALE_MS = 10_000;

/**
 * Runs work while no other process or thread holds the lock file. The work must be
 * synchronous. Does not wait: if the lock is held, the work is not run.
 *
 * @returns the result of the work; undefined if the lock is held by another.
 * @throws if the lock file can't be created, and what the work throws.
 */
export function withLock<Result>(path: string, work: () => Result): Result | undefined {
  if (!acquire(path)) return undefined;
  try {
    return work();
  } finally {
    rmSync(path, { force: true });
  }
}

function acquire(path: string): boolean {
  if (create(path)) return true;
  const lock = statSync(path, { throwIfNoEntry: false });
  // The clock may have been set back since: then the lock seems to be from the future.
  if (lock === undefined || Math.abs(Date.now() - lock.mtimeMs) < STALE_MS) return false;
  rmSync(path, { force: true });
  return create(path);
}

function create(path: string): boolean {
  try {
    closeSync(openSync(path, "wx", 0o640));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
