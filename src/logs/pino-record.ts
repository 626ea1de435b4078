import type { Origin } from "./correlation.ts";
import { hasOwnJson, isError, readData } from "./data.ts";
import { exceptionOf } from "./exception.ts";
import type { LineFacts, LineKeys, SeenError } from "./line-facts.ts";
import type { TelltaleLogger } from "./logger.ts";
import type { JsonLine } from "./json-line.ts";
import { PlainLines } from "./pino-plain.ts";
import { takesLevel } from "./pino-transport.ts";
import type { LogRecord } from "./record.ts";
import { idsOf } from "./record-ids.ts";
import { severityOfRank } from "./severity.ts";
import { ShownLine } from "./shown-line.ts";
import type { PinoLogger, PinoSymbols } from "./pino-logger.ts";

/** One line: what the logger was handed, and what it made of it. */
export interface PinoLine {
  readonly fields: object;
  /** Whether they are a copy of ours, without getters. */
  readonly isCopy: boolean;
  /** Where the text needn't be read: it says that, and the fields. */
  readonly plain: string | undefined;
  readonly level: number;
  /** As it is written: JSON with an end of line, or what a hook made of that. */
  readonly text: string;
  /** Whether a hook may have changed it. */
  readonly isHooked: boolean;
  readonly origin: Origin;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Makes records of pino's lines, from their texts: serialised, redacted and rewritten as the app wants it. */
export class PinoRecords {
  readonly #logger: TelltaleLogger;
  readonly #symbols: PinoSymbols;
  readonly #lines: PlainLines;
  #keys: LineKeys = { message: "msg", error: "err", nested: undefined };

  constructor(logger: TelltaleLogger, symbols: PinoSymbols) {
    this.#logger = logger;
    this.#symbols = symbols;
    this.#lines = new PlainLines(symbols);
  }

  /** What of a line says it all, beside fields without getters: its message; undefined where nothing does. Never throws. */
  plainOf(
    logger: PinoLogger,
    fields: object,
    message: unknown,
    level: number,
    time: string,
  ): string | undefined {
    try {
      const start = (logger[this.#symbols.lsCacheSym] as Readonly<Record<number, string>>)[level];
      if (start?.startsWith('{"level":') !== true) return undefined;
      const isPlain = this.#lines.isPlain(logger, fields as JsonLine, message, time);
      return isPlain ? (message as string) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Never throws. */
  write(logger: PinoLogger, line: PinoLine): void {
    try {
      if (!takesLevel(logger[this.#symbols.streamSym], line.level)) return;
      if (line.plain !== undefined) {
        this.#logger.write(this.#plainRecord(logger, line, line.plain));
        return;
      }
      const facts = this.#factsOf(logger, line);
      this.#logger.write(new ShownLine(this.#logger, line.at, line.text, facts));
    } catch {
      // A line that can't be read.
    }
  }

  #plainRecord(
    logger: PinoLogger,
    { at, level, fields, origin }: PinoLine,
    message: string,
  ): LogRecord {
    const record = this.#logger.record(at);
    const name = logger.levels.labels[level];
    record.severityText = name ?? String(level);
    record.severityNumber = severityOfRank(level, name);
    this.#lines.fill(record, logger, fields as JsonLine, message, origin);
    return record;
  }

  #factsOf(logger: PinoLogger, line: PinoLine): LineFacts {
    const { level, origin } = line;
    const name = logger.levels.labels[level];
    return {
      keys: this.#keysOf(logger),
      severityText: name ?? String(level),
      severityNumber: severityOfRank(level, name),
      level,
      trace: origin.trace,
      ids: idsOf(origin),
      arePut: true,
      message: undefined,
      error: this.#errorIn(logger, line),
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
  #errorIn(
    logger: PinoLogger,
    { fields, isCopy, text, isHooked }: PinoLine,
  ): SeenError | undefined {
    // Most lines have no objects.
    if (isHooked || !text.includes('":{')) return undefined;
    const { formattersSym } = this.#symbols;
    if ((logger[formattersSym] as { readonly log?: unknown }).log !== undefined) return undefined;
    for (const key of Object.keys(fields)) {
      const value = isCopy ? (fields as JsonLine)[key] : readData(fields, key);
      if (typeof value !== "object" || !isError(value) || !this.#lines.isUntouched(logger, key))
        continue;
      const exception = exceptionOf(value, readData);
      if (exception !== undefined) return { key, exception, isWhole: !hasOwnJson(value) };
    }
    return undefined;
  }
}
