import type { BufferedLines, LineBufferSlot } from "../../context/unit-views.ts";

/** A line that was formatted when it was logged. */
export interface BufferedLine {
  /** Its approximate size in memory. */
  readonly bytes: number;
  readonly logger: NoticeLogger;
  /** Writes it to where its logger writes. May throw. */
  write(): void;
}

/** Writes a line of telltale's own through a logger of the app, in the context of a line. */
export interface NoticeLogger {
  /** May throw. */
  writeNotice(message: string): void;
}

/** What became of lines: each is counted once. */
export type LineOutcome = "written" | "forgotten" | "dropped";

/** The part of the process's buffer that the lines of a unit of work use. */
export interface SharedBuffer {
  readonly slowMs: number;
  /** Counts a line in. May drop the oldest lines of any unit. */
  take(lines: UnitLines, bytes: number): void;
  /** Counts lines out. */
  release(lines: UnitLines, count: number, bytes: number): void;
  count(outcome: LineOutcome, count: number): void;
  /** Runs `work`, whose line is written at once. */
  runNotice(lines: UnitLines, work: () => void): void;
}

/** Limits of one unit of work. */
export const MAX_UNIT_LINES: number = 500;
export const MAX_UNIT_BYTES: number = 1024 * 1024;

/**
 * The buffered lines of one unit of work, in the order in which they were logged. They
 * are written if it fails, and later ones at once; otherwise they are forgotten.
 */
export class UnitLines implements BufferedLines {
  readonly #buffer: SharedBuffer;
  readonly #slot: LineBufferSlot;
  #lines: BufferedLine[] = [];
  #bytes = 0;
  #dropped = 0;
  /** The logger of the latest dropped line. */
  #noticeLogger: NoticeLogger | undefined = undefined;
  #isWritten = false;
  #isWritingNotice = false;

  constructor(buffer: SharedBuffer, slot: LineBufferSlot) {
    this.#buffer = buffer;
    this.#slot = slot;
  }

  get slowMs(): number {
    return this.#buffer.slowMs;
  }

  /** Adds a line, or writes it if others were written. Never throws. */
  add(line: BufferedLine): void {
    if (this.#isWritten || this.#slot.writesAllLines) {
      if (!this.#isWritingNotice) this.#buffer.count("written", 1);
      writeSafely(() => line.write());
    } else if (this.#slot.ended) {
      this.#buffer.count("forgotten", 1);
    } else {
      this.#lines.push(line);
      this.#bytes += line.bytes;
      this.#buffer.take(this, line.bytes);
      while (this.#lines.length > MAX_UNIT_LINES || this.#bytes > MAX_UNIT_BYTES) this.dropOldest();
    }
  }

  /** Drops the oldest line. */
  dropOldest(): void {
    const line = this.#lines.shift();
    if (line === undefined) return;
    this.#bytes -= line.bytes;
    this.#dropped++;
    this.#noticeLogger = line.logger;
    this.#buffer.release(this, 1, line.bytes);
    this.#buffer.count("dropped", 1);
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  write(): void {
    this.#isWritten = true;
    const lines = this.#take();
    if (this.#dropped > 0) this.#writeNotice(this.#dropped);
    this.#dropped = 0;
    this.#noticeLogger = undefined;
    this.#buffer.count("written", lines.length);
    for (const line of lines) writeSafely(() => line.write());
  }

  settle(isWritten: boolean): void {
    if (isWritten) this.write();
    else this.#buffer.count("forgotten", this.#take().length);
  }

  #take(): readonly BufferedLine[] {
    const lines = this.#lines;
    const bytes = this.#bytes;
    this.#lines = [];
    this.#bytes = 0;
    this.#buffer.release(this, lines.length, bytes);
    return lines;
  }

  #writeNotice(count: number): void {
    const logger = this.#noticeLogger;
    this.#isWritingNotice = true;
    writeSafely(() => this.#buffer.runNotice(this, () => logger?.writeNotice(noticeOf(count))));
    this.#isWritingNotice = false;
  }
}

/** Runs `write`. A transport or a stream of the app may throw; the app has not called it, so it can't handle that. */
function writeSafely(write: () => void): void {
  try {
    write();
  } catch {
    // The line is lost, as it is without the buffer.
  }
}

function noticeOf(count: number): string {
  const lines = count === 1 ? "1 earlier line was" : `${count} earlier lines were`;
  return `telltale: ${lines} dropped, since the buffer of lines below the level was full`;
}
