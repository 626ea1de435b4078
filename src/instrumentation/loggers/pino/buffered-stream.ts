import type { NoticeLogger, UnitLines } from "../../../logs/buffer/unit-lines.ts";
import { ValueCopier } from "../../../logs/value-copier.ts";
import { loggerOutput } from "../../../logs/logger-output.ts";

/** Pino's mark on streams that receive what was logged beside its text, such as `pino.multistream`. */
const NEEDS_METADATA: unique symbol = Symbol.for("pino.metadata");

/** What pino sets on such a stream before each line. */
interface Metadata {
  lastLevel?: unknown;
  lastObj?: unknown;
  lastMsg?: unknown;
  lastTime?: unknown;
  lastLogger?: unknown;
}

interface PinoStream extends Metadata {
  /** The streams of `pino.multistream`, and the lowest of their levels. */
  readonly streams?: unknown;
  readonly minLevel?: unknown;
  readonly [NEEDS_METADATA]?: unknown;
  readonly destroyed?: unknown;
  readonly writableEnded?: unknown;
  write(text: unknown): unknown;
}

/** Approximate size of a line beside its text. */
const LINE_BYTES = 300;

/**
 * Stands in for the stream of a logger while pino writes one line, and buffers that. Pino
 * reads the stream after it has created the text, so all of the app's options apply.
 */
export class BufferedStream implements Metadata {
  lastLevel: unknown = undefined;
  lastObj: unknown = undefined;
  lastMsg: unknown = undefined;
  lastTime: unknown = undefined;
  lastLogger: unknown = undefined;
  readonly #owner: Record<symbol, unknown>;
  readonly #streamSym: symbol;
  readonly #isOwn: boolean;
  readonly #stream: PinoStream;
  readonly #lines: UnitLines;
  readonly #notice: NoticeLogger;
  readonly #hasMetadata: boolean;
  #writeRecord: (() => void) | undefined = undefined;
  #isInPlace = false;

  constructor(logger: object, streamSym: symbol, lines: UnitLines, notice: NoticeLogger) {
    this.#owner = logger as Record<symbol, unknown>;
    this.#streamSym = streamSym;
    this.#isOwn = Object.hasOwn(logger, streamSym);
    this.#stream = this.#owner[streamSym] as PinoStream;
    this.#lines = lines;
    this.#notice = notice;
    this.#hasMetadata = this.#stream[NEEDS_METADATA] === true;
    if (this.#hasMetadata) Object.assign(this, { [NEEDS_METADATA]: true });
  }

  /** Replaces the stream of the logger, until `restore`. */
  install(): void {
    this.#isInPlace = true;
    this.#owner[this.#streamSym] = this;
  }

  /** Restores the stream of the logger. Children inherit theirs. */
  restore(): void {
    if (!this.#isInPlace) return;
    this.#isInPlace = false;
    if (this.#isOwn) this.#owner[this.#streamSym] = this.#stream;
    else Reflect.deleteProperty(this.#owner, this.#streamSym);
  }

  /**
   * Returns the level by which the stream decides who gets the line. The streams of
   * `pino.multistream` have their own, `info` by default: those with the lowest one get it.
   */
  acceptedLevel(level: number): number {
    const { streams, minLevel } = this.#stream;
    return Array.isArray(streams) && typeof minLevel === "number"
      ? Math.max(minLevel, level)
      : level;
  }

  /** Sets what writes the record of the line. */
  setRecord(writeRecord: () => void): void {
    this.#writeRecord = writeRecord;
  }

  /** Called by pino with the line. */
  write(text: unknown): void {
    this.restore();
    const stream = this.#stream;
    const writeRecord = this.#writeRecord;
    const metadata = this.#hasMetadata ? this.#metadata() : undefined;
    const textBytes = typeof text === "string" ? Buffer.byteLength(text) : 0;
    this.#lines.add({
      bytes: LINE_BYTES + textBytes * (writeRecord === undefined ? 1 : 2),
      logger: this.#notice,
      write() {
        try {
          writeTo(stream, text, metadata);
        } finally {
          writeRecord?.();
        }
      },
    });
  }

  /** Returns the metadata; the app may change the object until the line is written. */
  #metadata(): Metadata {
    const { lastLevel, lastMsg, lastTime, lastLogger, lastObj } = this;
    const isObject = typeof lastObj === "object" && lastObj !== null;
    return {
      lastLevel: typeof lastLevel === "number" ? this.acceptedLevel(lastLevel) : lastLevel,
      lastObj: isObject ? new ValueCopier(Infinity, true).copy(lastObj) : lastObj,
      lastMsg,
      lastTime,
      lastLogger,
    };
  }
}

/** Writes a line to the stream of a logger, unless that was closed meanwhile. */
function writeTo(stream: PinoStream, text: unknown, metadata: Metadata | undefined): void {
  if (stream.destroyed === true || stream.writableEnded === true) return;
  if (metadata !== undefined) Object.assign(stream, metadata);
  loggerOutput.begin();
  try {
    stream.write(text);
  } finally {
    loggerOutput.end();
  }
}
