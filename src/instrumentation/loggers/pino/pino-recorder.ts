import type { LogContext } from "../../../logs/correlation.ts";
import {
  findErrorField,
  hasToJson,
  isErrorInstance,
  readDataProperty,
} from "../../../logs/data-property.ts";
import { exceptionOf } from "../../../logs/exception.ts";
import type { LineMetadata, LineKeys, LoggedError } from "../../../logs/line-metadata.ts";
import { isErrorSeverity } from "../../../logs/log-observer.ts";
import type { TelltaleLogger } from "../../../logs/logger.ts";
import type { JsonLine } from "../../../logs/parse-json-line.ts";
import type { BufferedStream } from "./buffered-stream.ts";
import { SimpleLines } from "./simple-lines.ts";
import { acceptsLevel, exportsLevel } from "./thread-stream.ts";
import type { LogRecord, LogRecordSource } from "../../../logs/log-record.ts";
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
  /** Set if the line is below the level of its logger, and buffered. */
  readonly buffered: BufferedStream | undefined;
}

/** A line that waits for its hook `streamWrite`. */
interface DeferredLine {
  readonly logger: PinoLogger;
  readonly line: PinoLine;
}

const NO_FIELDS: object = Object.freeze({});

function severityIn({ levels }: PinoLogger, { level }: Pick<PinoLine, "level">): number {
  return severityOfLevelNumber(level, levels.labels[level]);
}

/** A record that is built when it is read. */
class LazyRecord implements LogRecordSource {
  readonly #build: () => LogRecordSource;
  #source: LogRecordSource | undefined = undefined;

  constructor(build: () => LogRecordSource) {
    this.#build = build;
  }

  toRecord(): LogRecord {
    return (this.#source ??= this.#build()).toRecord();
  }
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

  /** Adds a line that pino is about to write: its record, unless a hook may still change it. */
  add(logger: PinoLogger, line: PinoLine): void {
    if (line.isHooked) this.#deferToHook(logger, line);
    else this.record(logger, line);
    line.buffered?.install();
  }

  #deferToHook(logger: PinoLogger, line: PinoLine): void {
    this.#deferred = { logger, line };
  }

  /** Takes the deferred line, if it has this text. */
  takeDeferred(text: string): DeferredLine | undefined {
    const deferred = this.#deferred?.line.text === text ? this.#deferred : undefined;
    this.#deferred = undefined;
    return deferred;
  }

  /** Whether records are exported. If not, they are for Sentry only, which nearly never reads one. */
  get exports(): boolean {
    return this.#otelLogger.exports;
  }

  /** Writes the record of a line, unless none of its streams accepts the level. Never throws. */
  record(logger: PinoLogger, line: PinoLine): void {
    try {
      const { buffered } = line;
      if (buffered !== undefined && !this.exports) return;
      const { [this.#symbols.streamSym]: stream } = logger;
      const level = buffered?.acceptedLevel(line.level) ?? line.level;
      if (!acceptsLevel(stream, level)) return;
      const record = this.#recordOf(logger, line);
      const isExportedByApp = exportsLevel(stream, level);
      if (buffered !== undefined) {
        buffered.setRecord(() => this.#otelLogger.export(record, isExportedByApp));
        return;
      }
      const error = this.#reportedError(logger, line, record);
      this.#otelLogger.write(record, line.logContext, error, isExportedByApp);
    } catch {
      // The line can't be read.
    }
  }

  #recordOf(logger: PinoLogger, line: PinoLine): LogRecordSource {
    const { simpleMessage } = line;
    if (simpleMessage !== undefined) return this.#createSimpleRecord(logger, line, simpleMessage);
    if (this.exports || isErrorSeverity(severityIn(logger, line))) {
      return this.#parsedRecord(logger, line);
    }
    // The app may change its fields until the record is read.
    const lineOfText = { ...line, fields: NO_FIELDS };
    return new LazyRecord(() => this.#parsedRecord(logger, lineOfText));
  }

  #parsedRecord(logger: PinoLogger, line: PinoLine): ParsedLineRecord {
    const metadata = this.#metadataOf(logger, line);
    return new ParsedLineRecord(this.#otelLogger, line.timestamp, line.text, metadata);
  }

  /** Returns the error that becomes an event, unless the app redacts it. */
  #reportedError(logger: PinoLogger, line: PinoLine, source: LogRecordSource): Error | undefined {
    const isReported = this.#otelLogger.capturesErrors && line.simpleMessage === undefined;
    if (!isReported || !isErrorSeverity(severityIn(logger, line))) return undefined;
    const [key, error] = findErrorField(line.fields) ?? [];
    if (key === undefined || !this.#simpleLines.isRedacted(logger, key)) return error;
    return "exception.message" in source.toRecord().attributes ? error : undefined;
  }

  #createSimpleRecord(
    logger: PinoLogger,
    { timestamp, level, fields, logContext }: PinoLine,
    message: string,
  ): LogRecord {
    const record = this.#otelLogger.createRecord(timestamp);
    record.severityText = logger.levels.labels[level] ?? String(level);
    record.severityNumber = severityIn(logger, { level });
    this.#simpleLines.fillRecord(record, logger, fields as JsonLine, message, logContext);
    return record;
  }

  #metadataOf(logger: PinoLogger, line: PinoLine): LineMetadata {
    const { level, logContext } = line;
    return {
      keys: this.#keysOf(logger),
      severityText: logger.levels.labels[level] ?? String(level),
      severityNumber: severityIn(logger, line),
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
