import { accessSync, readFileSync } from "node:fs";

const FOLDER = "/proc/self/fdinfo";

/** Whether the system has positions of descriptors that can be read: Linux does. */
export const hasWritePositions: boolean = isReadable(FOLDER);

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Waits, without the event loop, until a write in Node's thread pool has ended. At the
 * exit of a process its callback does not run any more, and a signal kills the thread in
 * the middle of the write. The kernel moves the position of a descriptor when the
 * write has ended.
 *
 * @param descriptor opened for this write, so that its position was 0.
 * @param deadline in the milliseconds of `performance.now()`.
 * @returns whether it has ended successfully.
 */
export function waitForWrite(descriptor: number, deadline: number): boolean {
  while (positionOf(descriptor) === 0) {
    if (performance.now() >= deadline) return false;
    Atomics.wait(sleeper, 0, 0, 1);
  }
  return true;
}

/** Returns the position of a descriptor; 0 if it is not known. */
export function positionOf(descriptor: number): number {
  try {
    const text = readFileSync(`${FOLDER}/${descriptor}`, "latin1");
    return Number(/^pos:\s+(\d+)/.exec(text)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    // Another system, or Node's `--permission`.
    return false;
  }
}
