import { AsyncLocalStorage } from "node:async_hooks";
import { write, writeSync } from "node:fs";
import type { LogFileName } from "../../config/config.ts";
import { runSuppressed } from "../../context/manager.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import type { SignalCounters } from "../../diagnostics/telemetry-counters.ts";
import type { Deadline } from "../../export/deadline.ts";
import { messageOf } from "./error-message.ts";
import { LineBatch } from "./line-batch.ts";
import type { RotatingFile } from "./rotating-file.ts";
import { hasWritePositions, waitForWrite } from "./write-position.ts";

/** Limits of the size of a batch, in bytes. */
const MAX_BATCH_BYTES = 256 * 1024;
const MIN_BATCH_BYTES = 4096;

/**
 * Share of a file's limit that a batch may have. Batches that other processes write
 * during a rotation are beyond the limit.
 */
const BATCH_SHARE = 1 / 16;

/** Limit of the queued text, in UTF-16 units. */
const MAX_QUEUED_LENGTH = 4 * 1024 * 1024;

/** Pause after an error, in milliseconds. */
const RETRY_MS = 1000;

/**
 * How long a full queue may delay the app, in milliseconds. An app that logs without a
 * turn of its event loop leaves no other time to write.
 */
const MAX_DELAY_MS = 20;

export interface LogFileWriterDeps {
  readonly name: LogFileName;
  readonly file: RotatingFile;
  readonly counters: SignalCounters;
  readonly diagnostics: Diagnostics;
}

interface InFlightBatch {
  readonly batch: LineBatch;
  readonly done: Promise<void>;
  readonly resolve: () => void;
}

/**
 * The bounded queue of one log file. Lines are written in batches by Node's thread pool,
 * one batch at a time, and synchronously at the exit of the process or if the queue is
 * full. After an error the lines wait, and the newest are dropped if there are too many.
 */
export class LogFileWriter {
  readonly #deps: LogFileWriterDeps;
  readonly #runDetached: <R>(work: () => R) => R = AsyncLocalStorage.snapshot();
  readonly #retryTimer: NodeJS.Timeout;
  readonly #batchBytes: number;
  #lines: string[] = [];
  #length = 0;
  #inFlight: InFlightBatch | undefined = undefined;
  /** Why the last batch could not be written. */
  #failure: string | undefined = undefined;
  #isPaused = false;
  #isScheduled = false;
  /** Whether the next batch follows the one in flight without a delay. */
  #isDue = false;
  /** Whether waiting for the disk has not helped: the app waits once for each batch. */
  #isStuck = false;
  #droppedSinceFailure = 0;

  constructor(deps: LogFileWriterDeps) {
    this.#deps = deps;
    this.#batchBytes = Math.max(
      MIN_BATCH_BYTES,
      Math.min(MAX_BATCH_BYTES, deps.file.maxBytes * BATCH_SHARE),
    );
    this.#retryTimer = setTimeout(() => this.#retry(), RETRY_MS).unref();
  }

  /** Queues a line, which is counted as created, or drops and counts it. Never throws. */
  add(line: string): void {
    if (this.#isFull(line) && !this.#isStuck) {
      this.writeSync(performance.now() + MAX_DELAY_MS);
      this.#isStuck = this.#isFull(line);
    }
    if (this.#isFull(line)) {
      this.#deps.counters.drop("queue_full", 1);
      this.#droppedSinceFailure++;
      return;
    }
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#length < this.#batchBytes || this.#isScheduled || this.#inFlight !== undefined)
      return;
    this.#isScheduled = true;
    setImmediate(() => this.write());
  }

  /** Starts to write what is queued, unless a batch is in flight or an error was just met. Never throws. */
  write(): void {
    this.#isScheduled = false;
    this.#isDue = this.#inFlight !== undefined;
    if (this.#isDue || this.#isPaused) return;
    if (!hasWritePositions) {
      this.writeSync(performance.now() + MAX_DELAY_MS);
      return;
    }
    const batch = this.#prepareBatch();
    if (batch === undefined) return;
    this.#isDue = this.#lines.length > 0;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    this.#inFlight = { batch, done, resolve };
    const { descriptor, buffer } = batch;
    this.#runDetached(() =>
      runSuppressed(() =>
        write(descriptor, buffer, 0, buffer.length, null, (error, bytes) => {
          this.#onWritten(batch, error, bytes);
        }),
      ),
    );
  }

  /** Writes what is queued, until it is written, an error is met or the time is over. Never rejects. */
  async flush(deadline: Deadline): Promise<void> {
    this.#isPaused = false;
    await this.#inFlight?.done;
    while (this.#lines.length > 0 && !deadline.isExpired && !this.#isPaused) {
      this.write();
      await this.#inFlight?.done;
    }
  }

  /**
   * Writes what is queued without the event loop, until it is written, an error is met
   * or the time is over. Never throws.
   *
   * @param deadline in the milliseconds of `performance.now()`.
   */
  writeSync(deadline: number): void {
    if (this.#isPaused || !this.#settleInFlight(deadline)) return;
    do {
      const batch = this.#prepareBatch();
      if (batch === undefined) return;
      this.#writeBatchSync(batch);
    } while (!this.#isPaused && performance.now() < deadline);
  }

  /** Writes all that is possible at the exit of the process, and drops the rest. Never throws. */
  drain(deadline: number): void {
    this.#isPaused = false;
    this.writeSync(deadline);
    const inFlight = this.#inFlight?.batch;
    this.#inFlight = undefined;
    const count = this.#lines.length + (inFlight?.lines.length ?? 0);
    if (count === 0) return;
    this.#lines = [];
    this.#length = 0;
    const { counters, diagnostics, file } = this.#deps;
    counters.drop("shutdown", count);
    const reason = this.#failure ?? "no time was left";
    diagnostics.error(
      `${file.path} exit`,
      `${count} lines could not be written to ${file.path} at the end: ${reason}`,
    );
  }

  #isFull(line: string): boolean {
    return this.#length > 0 && this.#length + line.length > MAX_QUEUED_LENGTH;
  }

  /** Takes lines off the queue for one batch. Returns undefined if there are none, or the file can't be opened. */
  #prepareBatch(): LineBatch | undefined {
    const [first] = this.#lines;
    if (first === undefined) return undefined;
    try {
      const file = this.#deps.file.open(Buffer.byteLength(first));
      return new LineBatch(file, this.#takeLines(Math.min(file.remaining, this.#batchBytes)));
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  /** Takes at least one line, and as many as fit into `maxBytes`. */
  #takeLines(maxBytes: number): string[] {
    let bytes = 0;
    let count = 0;
    let length = 0;
    for (const line of this.#lines) {
      bytes += Buffer.byteLength(line);
      if (count > 0 && bytes > maxBytes) break;
      count++;
      length += line.length;
    }
    this.#length -= length;
    return this.#lines.splice(0, count);
  }

  #writeBatchSync(batch: LineBatch): void {
    let bytes = 0;
    try {
      bytes = writeSync(batch.descriptor, batch.buffer);
      this.#settle(batch, undefined, bytes);
    } catch (error) {
      this.#settle(batch, error, 0);
    }
  }

  #onWritten(batch: LineBatch, error: unknown, bytes: number): void {
    const inFlight = this.#inFlight;
    if (inFlight?.batch !== batch) {
      batch.close();
      return;
    }
    this.#inFlight = undefined;
    this.#settle(batch, error ?? undefined, error === null ? bytes : 0);
    inFlight.resolve();
    if (this.#isDue || this.#length >= this.#batchBytes) this.write();
  }

  /** Waits for the batch in flight. Returns whether there is none any more. */
  #settleInFlight(deadline: number): boolean {
    const inFlight = this.#inFlight;
    if (inFlight === undefined) return true;
    const { batch, resolve } = inFlight;
    if (!waitForWrite(batch.descriptor, deadline)) return false;
    this.#inFlight = undefined;
    this.#settle(batch, undefined, batch.buffer.length);
    resolve();
    return true;
  }

  #settle(batch: LineBatch, error: unknown, bytes: number): void {
    const { written, failure = error } = batch.settle(bytes);
    this.#deps.counters.sent += written;
    this.#isStuck = false;
    const rest = batch.lines.slice(written);
    if (rest.length > 0) {
      this.#isDue = true;
      this.#lines = rest.concat(this.#lines);
      for (const line of rest) this.#length += line.length;
    }
    if (failure !== undefined) this.#fail(failure);
    else if (this.#failure !== undefined) this.#recover();
  }

  #fail(error: unknown): void {
    const { counters, diagnostics, file } = this.#deps;
    this.#failure = messageOf(error);
    this.#isPaused = true;
    this.#retryTimer.refresh();
    counters.markFailed();
    diagnostics.warn(
      "log files",
      `${file.path} can't be written: ${this.#failure}; lines wait for it in memory, and are dropped and counted if they are too many`,
    );
  }

  #recover(): void {
    const { diagnostics, file } = this.#deps;
    diagnostics.info(
      `${file.path} recovered`,
      `${file.path} can be written again; ${this.#droppedSinceFailure} lines were dropped`,
    );
    this.#failure = undefined;
    this.#droppedSinceFailure = 0;
  }

  #retry(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.write();
  }
}
