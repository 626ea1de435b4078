import assert from "node:assert/strict";
import { UnitOfWork } from "../../../src/context/unit-of-work.ts";
import { ProcessLineBuffer } from "../../../src/logs/buffer/line-buffer.ts";
import type { BufferedLine } from "../../../src/logs/buffer/unit-lines.ts";
import { noopMeter } from "../../../src/metrics/noop.ts";

const DEBUG = 5;
const TRACE = 1;

/** A unit of work, and what its lines have written. */
class Unit extends UnitOfWork {
  readonly written: string[] = [];
  readonly #buffer: ProcessLineBuffer;

  constructor(buffer: ProcessLineBuffer) {
    super();
    this.#buffer = buffer;
  }

  add(text: string, bytes = 100): void {
    this.#buffer.linesOf(DEBUG, this)?.add(this.#line(text, bytes));
  }

  addThrowing(): void {
    const write = (): void => {
      throw new Error("the transport is broken");
    };
    this.#buffer.linesOf(DEBUG, this)?.add({ ...this.#line("", 100), write });
  }

  #line(text: string, bytes: number): BufferedLine {
    const logger = { writeNotice: (message: string) => void this.written.push(message) };
    return { bytes, logger, write: () => void this.written.push(text) };
  }
}

function createBuffer(): ProcessLineBuffer {
  return new ProcessLineBuffer({ level: "debug", slowMs: Infinity, meter: noopMeter });
}

const noticeOf = (lines: string): string =>
  `telltale: ${lines} dropped, since the buffer of lines below the level was full`;

describe("The buffer of lines below the level", () => {
  it("takes no line outside of units of work, after their end, or of a lower level", () => {
    const buffer = createBuffer();
    assert.equal(buffer.linesOf(DEBUG, undefined), undefined);
    const unit = new Unit(buffer);
    assert.equal(buffer.linesOf(TRACE, unit), undefined);
    unit.end();
    assert.equal(buffer.linesOf(DEBUG, unit), undefined);
  });

  it("writes the lines of a unit once, in their order, and later ones at once", () => {
    const unit = new Unit(createBuffer());
    unit.add("1");
    unit.add("2");
    assert.deepEqual(unit.written, []);
    unit.writeBufferedLines();
    unit.writeBufferedLines();
    assert.deepEqual(unit.written, ["1", "2"]);
    unit.add("3");
    assert.deepEqual(unit.written, ["1", "2", "3"]);
  });

  it("writes the first line at once if an error was captured before", () => {
    const unit = new Unit(createBuffer());
    unit.writeBufferedLines();
    unit.add("1");
    assert.deepEqual(unit.written, ["1"]);
  });

  it("forgets the lines of a unit that has not failed", () => {
    const unit = new Unit(createBuffer());
    unit.add("1");
    unit.end();
    unit.bufferedLines?.settle(false);
    unit.writeBufferedLines();
    assert.deepEqual(unit.written, []);
  });

  it("writes the other lines if a transport throws", () => {
    const unit = new Unit(createBuffer());
    unit.add("1");
    unit.addThrowing();
    unit.add("2");
    unit.bufferedLines?.settle(true);
    assert.deepEqual(unit.written, ["1", "2"]);
  });

  it("drops the oldest lines beyond the limits of a unit, and reports their number", () => {
    for (const [count, bytes, kept] of [
      [501, 100, 500],
      [10, 300_000, 3],
      [1, 2_000_000, 0],
    ] as const) {
      const unit = new Unit(createBuffer());
      for (let line = 1; line <= count; line++) unit.add(String(line), bytes);
      unit.writeBufferedLines();
      const dropped = count - kept;
      const expected = Array.from({ length: kept }, (_, at) => String(dropped + at + 1));
      const lines = dropped === 1 ? "1 earlier line was" : `${dropped} earlier lines were`;
      assert.deepEqual(unit.written, [noticeOf(lines), ...expected]);
    }
  });

  it("drops the lines of the oldest unit beyond the limits of the process", () => {
    for (const [units, lines, bytes, dropped] of [
      [50, 500, 100, 10],
      [20, 1, 1_000_000, 4],
    ] as const) {
      const buffer = createBuffer();
      const all = Array.from({ length: units }, () => new Unit(buffer));
      for (const unit of all) {
        for (let line = 0; line < lines; line++) unit.add("line", bytes);
      }
      for (const unit of all) unit.writeBufferedLines();
      for (const [at, { written }] of all.entries()) {
        assert.equal(written[0]?.startsWith("telltale: "), at < dropped);
        assert.equal(written.length, at < dropped ? 1 : lines);
      }
    }
  });

  it("takes the lines of later units after those of earlier ones have ended", () => {
    const buffer = createBuffer();
    for (let round = 0; round < 100; round++) {
      const unit = new Unit(buffer);
      for (let line = 0; line < 500; line++) unit.add("line", 2000);
      if (round % 2 === 0) unit.writeBufferedLines();
      else unit.bufferedLines?.settle(false);
      assert.equal(unit.written.length, round % 2 === 0 ? 500 : 0);
    }
  });
});
