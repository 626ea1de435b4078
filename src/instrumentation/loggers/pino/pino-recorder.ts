import type { LogContext } from "../../../logs/correlation.ts";
import { hasToJson, isErrorInstance, readDataProperty } from "../../../logs/data-property.ts";
import { exceptionOf } from "../../../logs/exception.ts";
import type { LineMetadata, LineKeys, LoggedError } from "../../../logs/line-metadata.ts";
import type { TelltaleLogger } from "../../../logs/logger.ts";
import type { JsonLine } from "../../../logs/parse-json-line.ts";
import { SimpleLines } from "./simple-lines.ts";
import { acceptsLevel } from "./thread-stream.ts";
import type { LogRecord } from "../../../logs/log-record.ts";
import { recordIdsOf } from "../../../logs/record-ids.ts";
import { severityOfLevelNumber } from "../../../logs/severity.ts";
import { ParsedLineRecord } from "../../../logs/parsed-line-record.ts";
import type { PinoLogger, PinoSymbols } from "./pino-logger.ts";

/** One line: what was logged, and the text that pino wrote. */
export interface PinoLine {
  readonly fields: object;
  /** Whether the fields are a copy without getters. */
  readonly isCopy: boolean;
  /** The message of a simple line, whose text need not be parsed: it shows this and the fields. */
  readonly simpleMessage: string | undefined;
  readonly level: number;
  /** The text as it is written: JSON with a line break, or the result of a hook. */
  readonly text: string;
  /** Whether a hook may have changed the text. */
  readonly isHooked: boolean;
  readonly logContext: LogContext;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

/** A line that waits for its hook `streamWrite`. */
interface DeferredLine {
  readonly logger: PinoLogger;
  readonly line: PinoLine;
}

/** Makes the records of pino's lines from their texts, which the app's serialisers, redactions and hooks have changed. */
export class PinoRecorder {
  readonly #otelLogger: TelltaleLogger;
  readonly #symbols: PinoSymbols;
  readonly #simpleLines: SimpleLines;
  #keys: LineKeys = { message: "msg", error: "err", nested: undefined };
  /** The line whose text its hook receives next: pino calls the hook right after `asJson`. */
  #deferred: DeferredLine | undefined = undefined;

  constructor(logger: TelltaleLogger, symbols: PinoSymbols) {
    this.#otelLogger = logger;
    this.#symbols = symbols;
    this.#simpleLines = new SimpleLines(symbols);
  }

  /**
   * Returns the message of a simple line, whose text shows only this and the fields
   * as they were logged; undefined for all other lines. Never throws.
   */
  simpleMessageOf(
    logger: PinoLogger,
    fields: object,
    message: unknown,
    level: number,
    time: string,
  ): string | undefined {
    try {
      const start = (logger[this.#symbols.lsCacheSym] as Readonly<Record<number, string>>)[level];
      if (start?.startsWith('{"level":') !== true) return undefined;
      const isSimple = this.#simpleLines.isSimple(logger, fields as JsonLine, message, time);
      return isSimple ? (message as string) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Defers the record of a line until its hook has run. */
  deferToHook(logger: PinoLogger, line: PinoLine): void {
    this.#deferred = { logger, line };
  }

  /** Takes the deferred line, if it has this text. */
  takeDeferred(text: string): DeferredLine | undefined {
    const deferred = this.#deferred?.line.text === text ? this.#deferred : undefined;
    this.#deferred = undefined;
    return deferred;
  }

  /** Writes the record of a line, unless none of its streams accepts the level. Never throws. */
  record(logger: PinoLogger, line: PinoLine): void {
    try {
      if (!acceptsLevel(logger[this.#symbols.streamSym], line.level)) return;
      if (line.simpleMessage !== undefined) {
        this.#otelLogger.write(this.#createSimpleRecord(logger, line, line.simpleMessage));
        return;
      }
      const metadata = this.#metadataOf(logger, line);
      this.#otelLogger.write(
        new ParsedLineRecord(this.#otelLogger, line.timestamp, line.text, metadata),
      );
    } catch {
      // The line can't be read.
    }
  }

  #createSimpleRecord(
    logger: PinoLogger,
    { timestamp, level, fields, logContext }: PinoLine,
    message: string,
  ): LogRecord {
    const record = this.#otelLogger.createRecord(timestamp);
    const name = logger.levels.labels[level];
    record.severityText = name ?? String(level);
    record.severityNumber = severityOfLevelNumber(level, name);
    this.#simpleLines.fillRecord(record, logger, fields as JsonLine, message, logContext);
    return record;
  }

  #metadataOf(logger: PinoLogger, line: PinoLine): LineMetadata {
    const { level, logContext } = line;
    const name = logger.levels.labels[level];
    return {
      keys: this.#keysOf(logger),
      severityText: name ?? String(level),
      severityNumber: severityOfLevelNumber(level, name),
      level,
      spanContext: logContext.spanContext,
      ids: recordIdsOf(logContext),
      areIdsInjected: true,
      message: undefined,
      error: this.#findError(logger, line),
    };
  }

  /** Returns the keys of a logger. Most loggers of a process have the same, so the last ones are cached. */
  #keysOf(logger: PinoLogger): LineKeys {
    const { messageKeySym, errorKeySym, nestedKeySym } = this.#symbols;
    const message = logger[messageKeySym] as string;
    const error = errorKeySym === undefined ? "err" : (logger[errorKeySym] as string);
    const nested = (logger[nestedKeySym] as string | null | undefined) || undefined;
    const last = this.#keys;
    if (message !== last.message || error !== last.error || nested !== last.nested) {
      this.#keys = { message, error, nested };
    }
    return this.#keys;
  }

  /** Finds an error of which the line shows only `{}`, unless the app wanted that. */
  #findError(
    logger: PinoLogger,
    { fields, isCopy, text, isHooked }: PinoLine,
  ): LoggedError | undefined {
    // Most lines have no objects.
    if (isHooked || !text.includes('":{')) return undefined;
    const { formattersSym } = this.#symbols;
    if ((logger[formattersSym] as { readonly log?: unknown }).log !== undefined) return undefined;
    for (const key of Object.keys(fields)) {
      const value = isCopy ? (fields as JsonLine)[key] : readDataProperty(fields, key);
      if (
        typeof value !== "object" ||
        !isErrorInstance(value) ||
        !this.#simpleLines.isUnmodified(logger, key)
      )
        continue;
      const exception = exceptionOf(value, readDataProperty);
      if (exception !== undefined) return { key, exception, isComplete: !hasToJson(value) };
    }
    return undefined;
  }
}
