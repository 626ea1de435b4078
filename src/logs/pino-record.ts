import type { Origin } from "./correlation.ts";
import type { TelltaleLogger } from "./logger.ts";
import { addLine, isOfResource, type LineKeys, type PlainLine } from "./plain-line.ts";
import type { LogRecord } from "./record.ts";
import { addHolder } from "./record-ids.ts";
import { severityOfRank } from "./severity.ts";

/** The symbols by which pino's files find each other's fields on a logger. */
export type PinoSymbols = Readonly<
  Record<
    | "asJsonSym"
    | "chindingsSym"
    | "formattersSym"
    | "messageKeySym"
    | "nestedKeySym"
    | "serializersSym"
    | "streamSym"
    | "stringifiersSym"
    | "wildcardFirstSym",
    symbol
  > & {
    /** Pino 7 has none: there it is `err`. */
    readonly errorKeySym?: symbol;
  }
>;

export interface PinoLogger {
  readonly levels: { readonly labels: Readonly<Record<number, string>> };
  readonly [symbol: symbol]: unknown;
}

/** One line: what the logger was handed, and what it made of it. */
export interface PinoLine {
  readonly fields: object;
  readonly message: unknown;
  readonly level: number;
  /** JSON, with an end of line. */
  readonly line: string;
  readonly origin: Origin;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Of a longer line only what needs no reading of it goes into the record. */
const LONGEST_READ = 262_144;

/** Makes records of pino's lines: what the line shows goes out, serialised and redacted as the app wants it. */
export class PinoRecords {
  readonly #logger: TelltaleLogger;
  readonly #symbols: PinoSymbols;
  /** Of the logger that wrote last, or wrote once: child loggers come and go with requests. */
  readonly #bindings = new WeakMap<PinoLogger, Bindings>();
  #last: Bindings = NO_BINDINGS;

  constructor(logger: TelltaleLogger, symbols: PinoSymbols) {
    this.#logger = logger;
    this.#symbols = symbols;
  }

  /** Never throws. */
  write(logger: PinoLogger, line: PinoLine): void {
    try {
      if (!this.#isTaken(logger, line.level)) return;
      const record = this.#logger.record(line.at);
      this.#fill(record, logger, line);
      this.#logger.write(record);
    } catch {
      // A line that can't be read.
    }
  }

  /** `pino.multistream` takes a line only if one of its streams does. */
  #isTaken(logger: PinoLogger, level: number): boolean {
    const stream = logger[this.#symbols.streamSym] as { readonly minLevel?: unknown } | undefined;
    const least = stream?.minLevel;
    return typeof least !== "number" || level >= least;
  }

  #fill(record: LogRecord, logger: PinoLogger, line: PinoLine): void {
    const name = logger.levels.labels[line.level];
    record.severityText = name ?? String(line.level);
    record.severityNumber = severityOfRank(line.level, name);
    const bindings = this.#bindingsOf(logger);
    const isLong = line.line.length > LONGEST_READ;
    if (!isLong && !(bindings.arePlain && this.#isPlain(logger, line))) {
      const read = JSON.parse(line.line) as PlainLine;
      addLine(record, read, this.#keysOf(logger), line.origin, line.fields);
      return;
    }
    addHolder(record, line.origin);
    const { trace } = line.origin;
    if (trace !== undefined) record.spanContext = trace;
    if (typeof line.message === "string") record.say(line.message);
    for (let i = 0; i < bindings.pairs.length; i += 2) {
      record.add(bindings.pairs[i] as string, bindings.pairs[i + 1]);
    }
    const fields = line.fields as Readonly<Record<string, unknown>>;
    for (const key in fields) {
      if (Object.hasOwn(fields, key) && (!isLong || this.#isPlainField(logger, fields, key))) {
        record.add(key, fields[key]);
      }
    }
  }

  /** Whether the line has nothing but its fields as they were given: then it needn't be read again. */
  #isPlain(logger: PinoLogger, { fields, message }: PinoLine): boolean {
    const symbols = this.#symbols;
    const formatters = logger[symbols.formattersSym] as { readonly log?: unknown };
    if (formatters.log !== undefined || logger[symbols.nestedKeySym]) return false;
    const key = logger[symbols.messageKeySym] as string;
    if (message !== undefined && typeof message !== "string") return false;
    if (!this.#isUntouched(logger, key)) return false;
    for (const name in fields) {
      if (!Object.hasOwn(fields, name)) continue;
      if (!this.#isPlainField(logger, fields as Readonly<Record<string, unknown>>, name)) {
        return false;
      }
      if (name === key || name.endsWith("_id") || name === "time") return false;
    }
    return true;
  }

  /** Whether the line shows the value as it was given, and JSON is all that became of it. */
  #isPlainField(
    logger: PinoLogger,
    fields: Readonly<Record<string, unknown>>,
    key: string,
  ): boolean {
    const value = fields[key];
    switch (typeof value) {
      case "number":
        if (!Number.isFinite(value)) return false;
        break;
      case "object":
        if (value !== null && !isBag(value)) return false;
        break;
      case "bigint":
      case "symbol":
        return false;
      default:
    }
    return this.#isUntouched(logger, key);
  }

  /** Neither serialised nor redacted. */
  #isUntouched(logger: PinoLogger, key: string): boolean {
    const { serializersSym, stringifiersSym, wildcardFirstSym } = this.#symbols;
    const serializers = logger[serializersSym] as Readonly<Record<string, unknown>>;
    const stringifiers = logger[stringifiersSym] as Readonly<Record<string | symbol, unknown>>;
    return (
      serializers[key] === undefined &&
      stringifiers[key] === undefined &&
      stringifiers[wildcardFirstSym] === undefined
    );
  }

  #keysOf(logger: PinoLogger): LineKeys {
    const { messageKeySym, errorKeySym } = this.#symbols;
    const error = errorKeySym === undefined ? "err" : logger[errorKeySym];
    return { message: logger[messageKeySym] as string, error: error as string };
  }

  #bindingsOf(logger: PinoLogger): Bindings {
    const text = logger[this.#symbols.chindingsSym] as string;
    if (this.#last.text === text) return this.#last;
    const known = this.#bindings.get(logger);
    if (known?.text === text) return (this.#last = known);
    const read = bindingsIn(text);
    this.#bindings.set(logger, read);
    return (this.#last = read);
  }
}

function isBag(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype;
}

/** The fields that a logger puts on all of its lines. */
interface Bindings {
  /** JSON, without the braces and with a comma before it. */
  readonly text: string;
  /** Names and values in turn, of those that the resource doesn't say. */
  readonly pairs: readonly unknown[];
  /** Nothing that might be an id of ours. */
  readonly arePlain: boolean;
}

const NO_BINDINGS: Bindings = { text: "", pairs: [], arePlain: true };

function bindingsIn(text: string): Bindings {
  const pairs: unknown[] = [];
  const fields = JSON.parse(`{${text.slice(1)}}`) as Readonly<Record<string, unknown>>;
  let arePlain = true;
  for (const [key, value] of Object.entries(fields)) {
    if (!isOfResource(key, value)) pairs.push(key, value);
    if (key.endsWith("_id")) arePlain = false;
  }
  return { text, pairs, arePlain };
}
