import type { Origin } from "./correlation.ts";
import { type JsonLine, readJsonLine } from "./json-line.ts";
import type { PinoLogger, PinoSymbols } from "./pino-logger.ts";
import { isOfResource } from "./plain-line.ts";
import type { LogRecord } from "./record.ts";
import { addIds, idsOf } from "./record-ids.ts";

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
  readonly arePlain: boolean;
}

const NO_BINDINGS: Bindings = { text: "", pairs: [], arePlain: true };

/** Tells which lines show nothing but their fields as they were given. */
export class PlainLines {
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
  isPlain(logger: PinoLogger, fields: JsonLine, message: unknown, time: string): boolean {
    if (typeof message !== "string" || message === "" || !isOwnTime(time)) return false;
    const { formattersSym, messageKeySym, nestedKeySym } = this.#symbols;
    const { log } = logger[formattersSym] as { readonly log?: unknown };
    if (log !== undefined || logger[nestedKeySym]) return false;
    const messageKey = logger[messageKeySym] as string;
    if (!this.isUntouched(logger, messageKey)) return false;
    for (const key in fields) {
      const value = fields[key];
      if (!isWord(value) || key === messageKey || key === "time" || key.endsWith("_id")) {
        return false;
      }
      if (!this.isUntouched(logger, key)) return false;
    }
    return this.bindingsOf(logger).arePlain;
  }

  /** Neither serialised nor redacted. */
  isUntouched(logger: PinoLogger, key: string): boolean {
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
  fill(
    record: LogRecord,
    logger: PinoLogger,
    fields: JsonLine,
    message: string,
    origin: Origin,
  ): void {
    if (origin.trace !== undefined) record.spanContext = origin.trace;
    record.say(message);
    addIds(record, idsOf(origin));
    const { pairs } = this.bindingsOf(logger);
    for (let i = 0; i < pairs.length; i += 2) record.add(pairs[i] as string, pairs[i + 1]);
    for (const key in fields) if (!isOfResource(key, fields[key])) record.add(key, fields[key]);
  }

  bindingsOf(logger: PinoLogger): Bindings {
    const text = logger[this.#symbols.chindingsSym] as string;
    if (this.#last.text === text) return this.#last;
    const known = this.#bindings.get(logger);
    if (known?.text === text) return (this.#last = known);
    const read = bindingsIn(text, this.#errorKeyOf(logger));
    this.#bindings.set(logger, read);
    return (this.#last = read);
  }

  #errorKeyOf(logger: PinoLogger): string {
    const { errorKeySym } = this.#symbols;
    return errorKeySym === undefined ? "err" : (logger[errorKeySym] as string);
  }
}

/** Pino's own, or none. */
function isOwnTime(time: string): boolean {
  return time === "" || time.startsWith(',"time":');
}

function isWord(value: unknown): boolean {
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

function bindingsIn(text: string, errorKey: string): Bindings {
  const pairs: unknown[] = [];
  let arePlain = true;
  for (const [key, value] of Object.entries(readJsonLine(`{${text.slice(1)}}`) ?? {})) {
    if (!isOfResource(key, value)) pairs.push(key, value);
    if (key.endsWith("_id") || key === errorKey || key === "time") arePlain = false;
  }
  return { text, pairs, arePlain };
}
