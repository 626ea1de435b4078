import type { LogContext } from "../../../logs/correlation.ts";
import { type JsonLine, parseJsonLine } from "../../../logs/parse-json-line.ts";
import type { LogRecord } from "../../../logs/log-record.ts";
import { addIdAttributes, recordIdsOf } from "../../../logs/record-ids.ts";
import { isResourceField } from "../../../logs/resource-field.ts";
import { isLossyInJson } from "../../../logs/value.ts";
import type { PinoLogger, PinoSymbols } from "./pino-logger.ts";

/*
 * Most lines have a message and a few texts and numbers, and show them unchanged.
 * Their text need not be parsed for the record, which would take longer than
 * everything else.
 */

/** The fields that a logger adds to each of its lines. */
interface Bindings {
  /** JSON without braces, with a comma before it. */
  readonly text: string;
  /** Names and values, alternating, without those that repeat the resource. */
  readonly pairs: readonly unknown[];
  /** Whether there are no ids and no errors among them. */
  readonly areSimple: boolean;
}

const NO_BINDINGS: Bindings = { text: "", pairs: [], areSimple: true };

/** Recognises lines that show their message and fields unchanged, and fills records from them. */
export class SimpleLines {
  readonly #symbols: PinoSymbols;
  /** Bindings by logger. Weak, because most child loggers live only as long as a request. */
  readonly #bindings = new WeakMap<PinoLogger, Bindings>();
  #last: Bindings = NO_BINDINGS;

  constructor(symbols: PinoSymbols) {
    this.#symbols = symbols;
  }

  /**
   * Whether a line shows its message and fields unchanged.
   *
   * @param fields without getters.
   * @param time JSON with a comma before it.
   */
  isSimple(logger: PinoLogger, fields: JsonLine, message: unknown, time: string): boolean {
    if (typeof message !== "string" || message === "" || !isDefaultTime(time)) return false;
    const { formattersSym, messageKeySym, nestedKeySym } = this.#symbols;
    const { log } = logger[formattersSym] as { readonly log?: unknown };
    if (log !== undefined || logger[nestedKeySym]) return false;
    const messageKey = logger[messageKeySym] as string;
    if (!this.isUnmodified(logger, messageKey)) return false;
    for (const key in fields) {
      const value = fields[key];
      if (!isSimpleValue(value) || key === messageKey || key === "time" || key.endsWith("_id")) {
        return false;
      }
      if (!this.isUnmodified(logger, key)) return false;
    }
    return this.#bindingsOf(logger).areSimple;
  }

  /** Whether a field is neither serialised nor redacted. */
  isUnmodified(logger: PinoLogger, key: string): boolean {
    const serializers = logger[this.#symbols.serializersSym] as JsonLine;
    return serializers[key] === undefined && !this.isRedacted(logger, key);
  }

  /** Whether the app redacts a field, or a part of it. */
  isRedacted(logger: PinoLogger, key: string): boolean {
    const { stringifiersSym, wildcardFirstSym } = this.#symbols;
    const stringifiers = logger[stringifiersSym] as Readonly<Record<string | symbol, unknown>>;
    return stringifiers[key] !== undefined || stringifiers[wildcardFirstSym] !== undefined;
  }

  /** Fills a record from a simple line. */
  fillRecord(
    record: LogRecord,
    logger: PinoLogger,
    fields: JsonLine,
    message: string,
    logContext: LogContext,
  ): void {
    if (logContext.spanContext !== undefined) record.spanContext = logContext.spanContext;
    record.setBody(message);
    addIdAttributes(record, recordIdsOf(logContext));
    const { pairs } = this.#bindingsOf(logger);
    for (let i = 0; i < pairs.length; i += 2) record.setField(pairs[i] as string, pairs[i + 1]);
    for (const key in fields)
      if (!isResourceField(key, fields[key])) record.setField(key, fields[key]);
  }

  #bindingsOf(logger: PinoLogger): Bindings {
    const text = logger[this.#symbols.chindingsSym] as string;
    if (this.#last.text === text) return this.#last;
    const cached = this.#bindings.get(logger);
    if (cached?.text === text) return (this.#last = cached);
    const parsed = parseBindings(text, this.#errorKeyOf(logger));
    this.#bindings.set(logger, parsed);
    return (this.#last = parsed);
  }

  #errorKeyOf(logger: PinoLogger): string {
    const { errorKeySym } = this.#symbols;
    return errorKeySym === undefined ? "err" : (logger[errorKeySym] as string);
  }
}

/** Whether the time is pino's default, or none. */
function isDefaultTime(time: string): boolean {
  return time === "" || time.startsWith(',"time":');
}

function isSimpleValue(value: unknown): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "undefined":
      return true;
    case "number":
      return !isLossyInJson(value);
    default:
      return false;
  }
}

function parseBindings(text: string, errorKey: string): Bindings {
  const pairs: unknown[] = [];
  let areSimple = true;
  for (const [key, value] of Object.entries(parseJsonLine(`{${text.slice(1)}}`) ?? {})) {
    if (!isResourceField(key, value)) pairs.push(key, value);
    if (key.endsWith("_id") || key === errorKey || key === "time") areSimple = false;
  }
  return { text, pairs, areSimple };
}
