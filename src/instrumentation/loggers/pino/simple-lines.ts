import type { LogContext } from "../../../logs/correlation.ts";
import { type JsonLine, parseJsonLine } from "../../../logs/parse-json-line.ts";
import type { PinoLogger, PinoSymbols } from "./pino-logger.ts";
import { isResourceField } from "../../../logs/structured-line.ts";
import type { LogRecord } from "../../../logs/log-record.ts";
import { addIdAttributes, recordIdsOf } from "../../../logs/record-ids.ts";

/*
 * Most lines have a message and a few words and numbers, and show them as they
 * were given: such a text need not be read for the record, which takes longer
 * than all the rest.
 */

/** The fields that a logger puts on all of its lines. */
interface Bindings {
  /** JSON, without the braces and with a comma before it. */
  readonly text: string;
  /** Names and values in turn, of those that the resource doesn't say. */
  readonly pairs: readonly unknown[];
  /** No ids and no errors among them. */
  readonly areSimple: boolean;
}

const NO_BINDINGS: Bindings = { text: "", pairs: [], areSimple: true };

/** Tells which lines show nothing but their fields as they were given. */
export class SimpleLines {
  readonly #symbols: PinoSymbols;
  /** Of the logger that wrote last, or wrote once: child loggers come and go with requests. */
  readonly #bindings = new WeakMap<PinoLogger, Bindings>();
  #last: Bindings = NO_BINDINGS;

  constructor(symbols: PinoSymbols) {
    this.#symbols = symbols;
  }

  /**
   * Whether a line is plain.
   *
   * @param fields without getters.
   * @param time as JSON, with a comma before it.
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
    return this.bindingsOf(logger).areSimple;
  }

  /** Neither serialised nor redacted. */
  isUnmodified(logger: PinoLogger, key: string): boolean {
    const { serializersSym, stringifiersSym, wildcardFirstSym } = this.#symbols;
    const serializers = logger[serializersSym] as JsonLine;
    const stringifiers = logger[stringifiersSym] as Readonly<Record<string | symbol, unknown>>;
    return (
      serializers[key] === undefined &&
      stringifiers[key] === undefined &&
      stringifiers[wildcardFirstSym] === undefined
    );
  }

  /** Puts a plain line into a record. */
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
    const { pairs } = this.bindingsOf(logger);
    for (let i = 0; i < pairs.length; i += 2) record.setAttribute(pairs[i] as string, pairs[i + 1]);
    for (const key in fields)
      if (!isResourceField(key, fields[key])) record.setAttribute(key, fields[key]);
  }

  bindingsOf(logger: PinoLogger): Bindings {
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

/** Pino's own, or none. */
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
      return Number.isFinite(value) && !Object.is(value, -0);
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
