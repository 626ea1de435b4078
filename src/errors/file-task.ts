import { closeSync, fstat, fstatSync, open, openSync, read, readSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { runSuppressed } from "../context/manager.ts";
import { closeFile } from "../lazy.ts";

const openFile = promisify(open);
const statFile = promisify(fstat);
const readBytes = promisify(read);

/** A file to read. */
export interface FileRequest {
  readonly path: string;
  /** A larger file is not read, unless only its end is wanted. */
  readonly maxBytes: number;
  /** Reads only so many bytes at the end. */
  readonly tailBytes?: number;
}

/** The contents of a file; `bytes` may be its end only. */
export interface FileContent {
  readonly bytes: Buffer;
  readonly isWhole: boolean;
}

/**
 * Work that reads files and may take long. It yields a request, and continues with the
 * file (undefined if it can't be read), or yields nothing where it may be interrupted. So
 * the same code runs asynchronously, in short slices, and synchronously at process exit.
 */
export type FileTask<Result> = Generator<FileRequest | undefined, Result, FileContent | undefined>;

/** Time that a slice blocks the event loop, in milliseconds. */
const SLICE_MS = 5;
/** Time between slices: a large map takes at most half of the event loop's time. */
const PAUSE_MS = 5;

/** Runs a task in slices. Rejects only if the task throws. */
export async function runInSlices<Result>(task: FileTask<Result>): Promise<Result> {
  let sliceEnd = performance.now() + SLICE_MS;
  let step = task.next();
  while (step.done !== true) {
    const request = step.value;
    let content: FileContent | undefined;
    if (request !== undefined) {
      content = await runSuppressed(() => readContent(request));
      sliceEnd = performance.now() + SLICE_MS;
    } else if (performance.now() >= sliceEnd) {
      await setTimeout(PAUSE_MS, undefined, { ref: false });
      sliceEnd = performance.now() + SLICE_MS;
    }
    step = task.next(content);
  }
  return step.value;
}

/** Runs a task at once. Returns undefined if it is not done by the deadline, a time of `performance.now()`. */
export function runUntil<Result>(task: FileTask<Result>, deadline: number): Result | undefined {
  let step = task.next();
  while (step.done !== true) {
    if (performance.now() >= deadline) return undefined;
    step = task.next(step.value && readContentSync(step.value));
  }
  return step.value;
}

async function readContent(request: FileRequest): Promise<FileContent | undefined> {
  try {
    const file = await openFile(request.path, "r");
    try {
      const { size } = await statFile(file);
      const range = rangeOf(request, size);
      if (range === undefined) return undefined;
      const bytes = Buffer.allocUnsafe(range.length);
      const { bytesRead } = await readBytes(file, bytes, 0, range.length, range.start);
      return { bytes: bytes.subarray(0, bytesRead), isWhole: range.start === 0 };
    } finally {
      closeFile(file);
    }
  } catch {
    return undefined;
  }
}

function readContentSync(request: FileRequest): FileContent | undefined {
  try {
    const file = openSync(request.path, "r");
    try {
      const range = rangeOf(request, fstatSync(file).size);
      if (range === undefined) return undefined;
      const bytes = Buffer.allocUnsafe(range.length);
      const length = readSync(file, bytes, 0, range.length, range.start);
      return { bytes: bytes.subarray(0, length), isWhole: range.start === 0 };
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

function rangeOf(
  { maxBytes, tailBytes }: FileRequest,
  size: number,
): { start: number; length: number } | undefined {
  if (size <= maxBytes) return { start: 0, length: size };
  if (tailBytes === undefined) return undefined;
  return { start: size - tailBytes, length: tailBytes };
}
