import type { Counter, Meter } from "@opentelemetry/api";
import type { LoggerLevel } from "../../api.ts";
import { runInThrowContext } from "../../context/manager.ts";
import { activeLineBufferSlot } from "../../context/unit-access.ts";
import type { LineBufferSlot } from "../../context/unit-views.ts";
import { severityOfLevel } from "../levels/log-levels.ts";
import { activeBuffer, type LineBuffer } from "./active-buffer.ts";
import { type SharedBuffer, type LineOutcome, UnitLines } from "./unit-lines.ts";

/** Limits of all units of work together. */
const MAX_LINES = 20_000;
const MAX_BYTES = 16 * 1024 * 1024;

export interface LineBufferDeps {
  /** The level from which lines are buffered. */
  readonly level: LoggerLevel;
  /** Minimum duration of a slow request, in milliseconds. */
  readonly slowMs: number;
  readonly meter: Meter;
}

/**
 * Buffers the lines of units of work that are below the level of their loggers. Lines
 * outside of any are not buffered.
 */
export class ProcessLineBuffer implements LineBuffer, SharedBuffer {
  readonly slowMs: number;
  readonly minSeverity: number;
  readonly #counter: Counter;
  /** Those with lines, the oldest first. */
  readonly #units = new Set<UnitLines>();
  #lines = 0;
  #bytes = 0;
  /** The lines whose notice is being written. */
  #noticeOf: UnitLines | undefined = undefined;

  constructor({ level, slowMs, meter }: LineBufferDeps) {
    this.slowMs = slowMs;
    this.minSeverity = severityOfLevel(level);
    this.#counter = meter.createCounter("telltale.log.buffer.lines", {
      unit: "{line}",
      description: "Lines below the level of their loggers, by what became of them",
    });
  }

  linesOf(severity: number, slot: LineBufferSlot | undefined): UnitLines | undefined {
    if (this.#noticeOf !== undefined) return this.#noticeOf;
    if (slot === undefined || slot.ended || severity < this.minSeverity) return undefined;
    // Nothing else sets it.
    return (slot.bufferedLines ??= new UnitLines(this, slot)) as UnitLines;
  }

  wants(severity: number): boolean {
    if (this.#noticeOf !== undefined) return true;
    return severity >= this.minSeverity && activeLineBufferSlot()?.ended === false;
  }

  take(lines: UnitLines, bytes: number): void {
    this.#units.add(lines);
    this.#lines++;
    this.#bytes += bytes;
    while (this.#lines > MAX_LINES || this.#bytes > MAX_BYTES) {
      const [oldest] = this.#units;
      if (oldest === undefined) return;
      oldest.dropOldest();
    }
  }

  release(lines: UnitLines, count: number, bytes: number): void {
    this.#lines -= count;
    this.#bytes -= bytes;
    if (lines.isEmpty) this.#units.delete(lines);
  }

  count(outcome: LineOutcome, count: number): void {
    if (count > 0) this.#counter.add(count, { "telltale.log.buffer.outcome": outcome });
  }

  runNotice(lines: UnitLines, work: () => void): void {
    const outer = this.#noticeOf;
    this.#noticeOf = lines;
    try {
      work();
    } finally {
      this.#noticeOf = outer;
    }
  }
}

/** Creates the buffer of the process. Loggers that are instrumented later use it. */
export function installLineBuffer(deps: LineBufferDeps): void {
  activeBuffer.current = new ProcessLineBuffer(deps);
  // Unlike `uncaughtException`, it changes nothing of what the error does.
  process.on("uncaughtExceptionMonitor", () => {
    runInThrowContext(() => activeLineBufferSlot()?.writeBufferedLines());
  });
}
