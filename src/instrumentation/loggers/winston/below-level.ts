import { callWithContext } from "../../../context/manager.ts";
import { lineBufferSlotIn } from "../../../context/unit-access.ts";
import { activeBuffer } from "../../../logs/buffer/active-buffer.ts";
import type { NoticeLogger, UnitLines } from "../../../logs/buffer/unit-lines.ts";
import type { LogContext } from "../../../logs/correlation.ts";
import { readDataProperty } from "../../../logs/data-property.ts";
import { severityOfLevel } from "../../../logs/levels/log-levels.ts";
import type { TelltaleLogger } from "../../../logs/logger.ts";
import type { LogRecordSource } from "../../../logs/log-record.ts";
import { infoSnapshot } from "./info-snapshot.ts";
import { pendingFormats } from "./pending-formats.ts";
import { pipesOf } from "./pipes.ts";
import { LEVEL, type WinstonInfo, type WinstonLogger } from "./winston-info.ts";

/** A transport that receives the lines of a logger. */
export interface BufferingTransport {
  readonly level?: unknown;
  readonly parent?: unknown;
  readonly silent?: unknown;
  readonly destroyed?: unknown;
  format?: unknown;
  readonly logv?: unknown;
  readonly log?: (info: unknown, callback: unknown) => unknown;
  readonly _writableState?: { readonly ending?: unknown };
  readonly write?: (info: unknown) => unknown;
}

interface Format {
  readonly options?: unknown;
  transform(info: unknown, options: unknown): unknown;
}

/** A logger as it writes a notice. */
interface NoticeWriter {
  write(info: object): unknown;
}

/**
 * A line below the level of its logger, in a unit of work that buffers such lines. The
 * formats run when it is logged, so it shows the time and the values of then; a transport
 * gets the result when the unit has failed.
 */
export class BelowLevelLine implements NoticeLogger {
  readonly #logger: WinstonLogger;
  readonly #level: string;
  readonly #logContext: LogContext;
  readonly #lines: UnitLines;
  readonly #threshold: LevelThreshold;
  #bytes = 0;
  #writes: (() => void)[] = [];
  #isComplete = false;

  constructor(
    logger: WinstonLogger,
    level: string,
    threshold: LevelThreshold,
    logContext: LogContext,
    lines: UnitLines,
  ) {
    this.#logger = logger;
    this.#level = level;
    this.#threshold = threshold;
    this.#logContext = logContext;
    this.#lines = lines;
  }

  /** Whether a transport would accept the line if the level of its logger were lower. */
  isFor(transport: BufferingTransport): boolean {
    if (!canBuffer(transport, this.#logger)) return false;
    const { isInherited, rank } = this.#threshold;
    return isInherited ? !transport.level : rankOf(transport, this.#logger) === rank;
  }

  /** Formats the line for a transport. Never throws. */
  addTransport(transport: BufferingTransport, info: object): void {
    try {
      const formatted = formatFor(transport, info);
      if (formatted === undefined) return;
      pendingFormats.notify(info, formatted);
      const { snapshot, bytes } = infoSnapshot(formatted);
      this.#add(() => writeTo(transport, snapshot), bytes);
    } catch {
      // A format of the app throws, as it may not at the levels that the app writes.
    }
  }

  addRecord(otelLogger: TelltaleLogger, record: LogRecordSource): void {
    if (otelLogger.exports) this.#add(() => otelLogger.export(record), RECORD_BYTES);
  }

  /** Adds the line to its unit of work, after the logger has written it. Transports that are busy are added later. */
  complete(): void {
    this.#isComplete = true;
    if (this.#writes.length > 0) this.#commit();
  }

  writeNotice(message: string): void {
    const logger = this.#logger as unknown as NoticeWriter;
    const level = this.#level;
    callWithContext(this.#logContext.context, logger.write, logger, [
      { level, message, [LEVEL]: level },
    ]);
  }

  #add(write: () => void, bytes: number): void {
    this.#writes.push(write);
    this.#bytes += bytes;
    if (this.#isComplete) this.#commit();
  }

  #commit(): void {
    const writes = this.#writes;
    this.#lines.add({
      bytes: this.#bytes,
      logger: this,
      write: () => {
        for (const write of writes) write();
      },
    });
    this.#writes = [];
    this.#bytes = 0;
  }
}

/** Approximate size of a record that has its text in common with the line. */
const RECORD_BYTES = 300;

/** Lines that a transport writes as they are. */
const formattedLines = new WeakSet<object>();

/** Lines below the level, by what their loggers have passed to the transports. */
const belowLevelLines = new WeakMap<object, BelowLevelLine>();

/**
 * Returns a line if it is below the level of its logger and its unit of work buffers
 * such lines. Never throws.
 */
export function belowLevelLineOf(
  logger: WinstonLogger,
  info: object,
  logContext: LogContext,
): BelowLevelLine | undefined {
  const buffer = activeBuffer.current;
  if (buffer === undefined) return undefined;
  try {
    const { levels } = logger;
    const level = (info as WinstonInfo)[LEVEL] ?? readDataProperty(info, "level");
    if (typeof level !== "string") return undefined;
    const rank = levels[level];
    const threshold = thresholdOf(logger);
    if (rank === undefined || threshold.rank === undefined || rank <= threshold.rank)
      return undefined;
    const slot = lineBufferSlotIn(logContext.context);
    const lines = buffer.linesOf(severityOfLevel(level, levels), slot);
    return lines && new BelowLevelLine(logger, level, threshold, logContext, lines);
  } catch {
    // The line can't be read.
    return undefined;
  }
}

/** The rank above which a logger writes no lines. */
interface LevelThreshold {
  /** Whether it is that of the logger, and not of its transports, all of which have their own. */
  readonly isInherited: boolean;
  readonly rank: number | undefined;
}

/**
 * Returns the level of a logger or, if all of its transports have their own, the lowest of
 * these.
 */
function thresholdOf(logger: WinstonLogger): LevelThreshold {
  const { levels } = logger;
  let maxRank: number | undefined;
  for (const transport of pipesOf(logger) as readonly BufferingTransport[]) {
    if (!canBuffer(transport, logger)) continue;
    if (!transport.level) return { isInherited: true, rank: levels[logger.level] };
    const rank = rankOf(transport, logger);
    if (rank !== undefined && rank > (maxRank ?? -1)) maxRank = rank;
  }
  return maxRank === undefined
    ? { isInherited: true, rank: levels[logger.level] }
    : { isInherited: false, rank: maxRank };
}

function rankOf({ level }: BufferingTransport, { levels }: WinstonLogger): number | undefined {
  return typeof level === "string" ? levels[level] : undefined;
}

function canBuffer(transport: BufferingTransport, logger: WinstonLogger): boolean {
  return (
    transport.parent === logger &&
    !transport.silent &&
    // Such a transport compares the levels of a batch itself.
    transport.logv === undefined &&
    typeof transport.log === "function"
  );
}

/** Marks what a logger passes to its transports as a line below its level. */
export function markBelowLevel(info: object, line: BelowLevelLine): void {
  belowLevelLines.set(info, line);
}

/**
 * Takes a line from the app's transport: one that is buffered, or one that was and is
 * written now. Returns false if the transport is to write it like any other.
 */
export function takeLine(
  transport: BufferingTransport,
  info: object,
  callback: () => void,
): boolean {
  if (activeBuffer.current === undefined) return false;
  if (formattedLines.has(info)) {
    transport.log?.(info, callback);
    return true;
  }
  const line = belowLevelLines.get(info);
  if (line?.isFor(transport) !== true) return false;
  line.addTransport(transport, info);
  callback();
  return true;
}

/** Runs the transport's format as `winston-transport` does. Returns undefined if that drops the line. */
function formatFor({ format }: BufferingTransport, info: object): object | undefined {
  if (!format) return info;
  const { options } = format as Format;
  const formatted = (format as Format).transform({ ...info }, options);
  return typeof formatted === "object" && formatted !== null ? formatted : undefined;
}

/** Writes a formatted line to a transport, unless that was closed meanwhile. */
function writeTo(transport: BufferingTransport, info: object): void {
  if (transport._writableState?.ending === true || transport.destroyed === true) return;
  formattedLines.add(info);
  transport.write?.(info);
}
