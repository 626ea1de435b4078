import { closeSync, fstatSync, ftruncateSync, writeSync } from "node:fs";
import type { OpenLogFile } from "./rotating-file.ts";
import { positionOf } from "./write-position.ts";

/**
 * Age of the last change of a rotated file from which it may be compressed, in
 * milliseconds. Processes that had opened it before its rotation have then ended their
 * batches.
 */
export const QUIET_MS = 5000;

/** How a batch has ended. */
export interface BatchResult {
  /** Number of its lines, from the first one on, that are in the file. */
  readonly written: number;
  /** Why the others are not; undefined if they can be written again at once. */
  readonly failure: unknown;
}

/** Lines that are appended to an opened file with one system call. */
export class LineBatch {
  readonly lines: readonly string[];
  readonly buffer: Buffer;
  readonly #file: OpenLogFile;
  #isClosed = false;

  constructor(file: OpenLogFile, lines: readonly string[]) {
    this.lines = lines;
    this.buffer = Buffer.from(lines.join(""));
    this.#file = file;
  }

  get descriptor(): number {
    return this.#file.descriptor;
  }

  /** Whether the result of the write is known, or no longer of interest. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Never throws. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      closeSync(this.descriptor);
    } catch {
      // The lines are written, as far as is known.
    }
  }

  /**
   * Closes the file, and returns which of the lines it has. Never throws.
   *
   * @param bytes of the buffer that were written.
   */
  settle(bytes: number): BatchResult {
    try {
      if (bytes < this.buffer.length) return this.#settlePart(bytes);
      return { written: this.#isLost() ? 0 : this.lines.length, failure: undefined };
    } catch (failure) {
      return { written: this.#countLines(bytes).count, failure };
    } finally {
      this.close();
    }
  }

  /** Writes the rest, or finds out why that is not possible, and removes the beginning of a line. */
  #settlePart(bytes: number): BatchResult {
    let written = bytes;
    let failure: unknown;
    try {
      while (written < this.buffer.length && this.#isAtEnd(written))
        written += writeSync(this.descriptor, this.buffer, written);
    } catch (error) {
      failure = error;
    }
    const { count, restBytes } = this.#countLines(written);
    if (restBytes > 0 && this.#isAtEnd(written))
      ftruncateSync(this.descriptor, fstatSync(this.descriptor).size - restBytes);
    return { written: count, failure };
  }

  /** Whether no other process has appended to the file since. */
  #isAtEnd(written: number): boolean {
    const position = positionOf(this.descriptor) || Number(this.#file.stats.size) + written;
    return fstatSync(this.descriptor).size === position;
  }

  /** Returns the number of lines in the first bytes, and the bytes after them. */
  #countLines(bytes: number): { readonly count: number; readonly restBytes: number } {
    let restBytes = bytes;
    let count = 0;
    for (const line of this.lines) {
      const length = Buffer.byteLength(line);
      if (restBytes < length) break;
      restBytes -= length;
      count++;
    }
    return { count, restBytes };
  }

  /**
   * Whether the file was deleted before the lines were in it: it was opened, then
   * rotated and compressed or deleted by another process. A file is only compressed if its
   * last change is some time ago, so lines that are older than that are in the
   * compressed file.
   */
  #isLost(): boolean {
    const { nlink, ctimeMs, mtimeMs } = fstatSync(this.descriptor);
    return nlink === 0 && ctimeMs - mtimeMs < QUIET_MS / 2;
  }
}
