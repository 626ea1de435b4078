import type { IdFields, Origin } from "./correlation.ts";
import { hasOwnJson, isError, readData } from "./data.ts";
import { exceptionOf } from "./exception.ts";
import type { JsonLine } from "./json-line.ts";
import type { LineFacts, LineKeys, SeenError } from "./line-facts.ts";
import { idsOf } from "./record-ids.ts";
import { type Levels, severityOf } from "./severity.ts";
import type { Given, Word } from "./text-line.ts";
import { read } from "./value.ts";
import { ownJsonOf } from "./winston-line.ts";
import { idsIn } from "./winston-written.ts";

/** One call of a logger, noted when it was made. */
export interface Line extends Origin {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The error that the line is about, before a format took it apart. */
  error: object | undefined;
  /** The ids are on it, for the app's formats to see. */
  hasIds: boolean;
  /** Another logger, which passes its lines on to this one, made the record. */
  readonly recorded: boolean;
}

/** A line as a format leaves it. */
export interface Info extends IdFields {
  readonly [LEVEL]?: unknown;
  readonly [MESSAGE]?: unknown;
  readonly [SPLAT]?: unknown;
  readonly message?: unknown;
  readonly exception?: unknown;
  readonly rejection?: unknown;
}

/** Symbols of `triple-beam`, by which winston, its formats and transports agree. */
export const LEVEL: unique symbol = Symbol.for("level");
const MESSAGE: unique symbol = Symbol.for("message");
export const SPLAT: unique symbol = Symbol.for("splat");

/** A line as somebody shows it, with the data of its fields: no getter of the app's runs for us. */
export class ShownInfo {
  /**
   * Undefined where there is none, or one that is older than what the formats made
   * of the fields: of the logger's format where a transport's made no other, of
   * `errors()` where the next format changed the message.
   */
  readonly text: string | undefined;
  readonly #info: Info;
  readonly #line: Line;
  readonly #names: readonly string[];
  readonly #values: readonly unknown[];
  /** No format of the app's has changed the text since all fields were written to it. */
  readonly #isUntouched: boolean;

  /** @param before what a transport's format made `info` of. */
  constructor(info: Info, before: Info | undefined, line: Line) {
    this.#info = info;
    this.#line = line;
    this.text = textOf(info, before, line);
    const own = this.text === undefined ? undefined : ownJsonOf(info, this.text);
    this.#isUntouched = this.text === undefined || own !== undefined;
    this.#names = Object.keys(info);
    const known = own?.values?.length === this.#names.length ? own.values : undefined;
    this.#values = known ?? this.#names.map((name) => readData(info, name));
  }

  facts(levels: Levels): LineFacts {
    const info = this.#info;
    const level = String(info[LEVEL]);
    // Without a text, it is what transports ask a line for.
    const message = this.text === undefined ? read(info, "message") : readData(info, "message");
    return {
      keys: KEYS,
      severityText: level,
      severityNumber: severityOf(level, levels),
      level,
      trace: this.#line.trace,
      ids: idsIn(idsOf(this.#line), this.#line, (name) => Object.hasOwn(info, name), this.text),
      arePut: false,
      message: typeof message === "string" ? message : undefined,
      error: this.#error(),
      numbers: this.#isUntouched ? this.#numbers() : undefined,
    };
  }

  /** Of a text that is no JSON: the words and numbers that may be in it. */
  given(): Given | undefined {
    if (this.text === undefined || IS_JSON.test(this.text)) return undefined;
    const given = new Map<string, Word>();
    for (const [at, value] of this.#values.entries()) {
      if (isWord(value)) given.set(this.#names[at]!, value);
    }
    return given;
  }

  /**
   * The error of the line, and whether all of it may be said: it stands in what the
   * app's formats made of the line, and only JSON has no words for it.
   */
  #error(): SeenError | undefined {
    const { error } = this.#line;
    if (error !== undefined) {
      const isLine = this.#info === error || readData(this.#info, "message") === error;
      return seen(error, undefined, this.#isUntouched && isLine);
    }
    for (const [at, value] of this.#values.entries()) {
      if (typeof value === "object" && isError(value)) {
        return seen(value, this.#names[at], this.#isUntouched);
      }
    }
    return undefined;
  }

  /** The numbers of which JSON has another text, or none. */
  #numbers(): ReadonlyMap<string, number | bigint> | undefined {
    let numbers: Map<string, number | bigint> | undefined;
    for (const [at, value] of this.#values.entries()) {
      if (!isOtherInJson(value)) continue;
      numbers ??= new Map<string, number | bigint>();
      numbers.set(this.#names[at]!, value);
    }
    return numbers;
  }
}

const KEYS: LineKeys = { message: "message", stack: "stack", isStamped: true, unwrap };

/** Not what `prettyPrint()` writes. */
const IS_JSON = /^\{\s*"/;

/** What `logstash()` makes of a line. */
function unwrap(line: JsonLine): JsonLine | undefined {
  const { "@fields": fields, "@message": message, "@timestamp": timestamp, ...rest } = line;
  if (typeof fields !== "object" || fields === null) return undefined;
  return { ...rest, ...fields, ...(timestamp !== undefined && { timestamp }), message };
}

function textOf(info: Info, before: Info | undefined, { error }: Line): string | undefined {
  const text = readData(info, MESSAGE);
  if (typeof text !== "string" || text === before?.[MESSAGE]) return undefined;
  const isOfErrors = error !== undefined && text === readData(error, "message");
  return isOfErrors && text !== readData(info, "message") ? undefined : text;
}

function seen(error: object, key: string | undefined, isWhole: boolean): SeenError | undefined {
  const exception = exceptionOf(error, readData);
  return exception && { key, exception, isWhole: isWhole && !hasOwnJson(error) };
}

const WORDS: ReadonlySet<string> = new Set(["string", "number", "bigint", "boolean"]);

function isWord(value: unknown): value is Word {
  return WORDS.has(typeof value);
}

function isOtherInJson(value: unknown): value is number | bigint {
  if (typeof value === "bigint") return true;
  return typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0));
}
