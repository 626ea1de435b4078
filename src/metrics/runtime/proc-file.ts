import { open, readFile } from "node:fs";
import { promisify } from "node:util";
import { closeFile } from "../../lazy.ts";

const openFile = promisify(open);
const readDescriptor = promisify(readFile);

/** Longer texts are truncated: a host with thousands of interfaces must not slow down a collection. */
const MAX_LENGTH = 64 * 1024;

/** Reads a small text file; resolves to undefined if there is none or it can't be read. Never rejects. */
export type TextReader = (path: string) => Promise<string | undefined>;

/**
 * Number of files that are open at a time. Less than the file descriptors that are reserved
 * for lazy modules (`lazy.ts`): in a process that has no other left, a read takes one.
 */
const PARALLEL_READS = 3;

/**
 * Reads files of `/proc` and `/sys` in threads of libuv. Seven files take 0.3 ms of
 * CPU, threads included (Node 26); reading them synchronously takes half of that, but
 * blocks the event loop while the kernel computes them.
 */
class TextFiles {
  /** The latest read of each of the parallel sequences. */
  readonly #latest: Promise<string | undefined>[] = [];
  #count = 0;

  read(path: string): Promise<string | undefined> {
    const sequence = this.#count++ % PARALLEL_READS;
    const text = this.#readAfter(this.#latest[sequence], path);
    this.#latest[sequence] = text;
    return text;
  }

  async #readAfter(
    previous: Promise<unknown> | undefined,
    path: string,
  ): Promise<string | undefined> {
    await previous;
    try {
      const descriptor = await openFile(path, "r");
      try {
        const text = await readDescriptor(descriptor, "latin1");
        return text.slice(0, MAX_LENGTH);
      } finally {
        closeFile(descriptor);
      }
    } catch {
      return undefined;
    }
  }
}

const textFiles = new TextFiles();

/** Reads a file of `/proc` or `/sys`. */
export const readTextFile: TextReader = (path) => textFiles.read(path);

/** Combines calls: those during a run, and within `maxAgeMs` after its start, share its result. */
export function shareResult<Result>(
  run: () => Promise<Result>,
  maxAgeMs: number,
): () => Promise<Result> {
  let startedAt = -Infinity;
  let isRunning = false;
  let result: Promise<Result> | undefined;
  return () => {
    const now = performance.now();
    if (result !== undefined && (isRunning || now - startedAt < maxAgeMs)) return result;
    startedAt = now;
    isRunning = true;
    result = run().finally(() => {
      isRunning = false;
    });
    return result;
  };
}
