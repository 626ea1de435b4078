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

/** One line: what the logger was handed, and what it made of it. */
export interface PinoLine {
  readonly fields: object;
  /** Whether they are a copy of ours, without getters. */
  readonly isCopy: boolean;
  /** Where the text needn't be read: it says that, and the fields. */
  readonly simpleMessage: string | undefined;
  readonly level: number;
  /** As it is written: JSON with an end of line, or what a hook made of that. */
  readonly text: string;
  /** Whether a hook may have changed it. */
  readonly isHooked: boolean;
  readonly logContext: LogContext;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

/** Makes records of pino's lines, from their texts: serialised, redacted and rewritten as the app wants it. */
export class PinoRecorder {
  readonly #otelLogger: TelltaleLogger;
  readonly #symbols: PinoSymbols;
  readonly #simpleLines: SimpleLines;
  #keys: LineKeys = { message: "msg", error: "err", nested: undefined };

  constructor(logger: TelltaleLogger, symbols: PinoSymbols) {
    this.#otelLogger = logger;
    this.#symbols = symbols;
    this.#simpleLines = new SimpleLines(symbols);
  }

  /** What of a line says it all, beside fields without getters: its message; undefined where nothing does. Never throws. */
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

  /** Never throws. */
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
      // A line that can't be read.
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

  /** Most loggers of a process have the same. */
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

  /** An error of which the line shows `{}`, if nothing of the app's made it that. */
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
