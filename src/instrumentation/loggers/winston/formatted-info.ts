import type { CorrelationFields, LogContext } from "../../../logs/correlation.ts";
import { hasToJson, isErrorInstance, readDataProperty } from "../../../logs/data-property.ts";
import { exceptionOf } from "../../../logs/exception.ts";
import type { JsonLine } from "../../../logs/parse-json-line.ts";
import type { LineMetadata, LineKeys, LoggedError } from "../../../logs/line-metadata.ts";
import { recordIdsOf } from "../../../logs/record-ids.ts";
import { type Levels, severityOf } from "../../../logs/severity.ts";
import type { FieldValues, ScalarValue } from "../../../logs/text-line.ts";
import { readProperty } from "../../../logs/value.ts";
import { jsonResultOf } from "./json-format.ts";
import { idsAfterFormats } from "./deferred-record.ts";

/** One call of a logger, noted when it was made. */
export interface WinstonLine extends LogContext {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** The error that the line is about, before a format took it apart. */
  error: object | undefined;
  /** The ids are on it, for the app's formats to see. */
  hasIds: boolean;
  /** Another logger, which passes its lines on to this one, made the record. */
  readonly isRecorded: boolean;
}

/** A line as a format leaves it. */
export interface WinstonInfo extends CorrelationFields {
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
export class FormattedInfo {
  /**
   * Undefined where there is none, or one that is older than what the formats made
   * of the fields: of the logger's format where a transport's made no other, of
   * `errors()` where the next format changed the message.
   */
  readonly text: string | undefined;
  readonly #info: WinstonInfo;
  readonly #line: WinstonLine;
  readonly #names: readonly string[];
  readonly #values: readonly unknown[];
  /** No format of the app's has changed the text since all fields were written to it. */
  readonly #isUnmodified: boolean;

  /** @param previous what a transport's format made `info` of. */
  constructor(info: WinstonInfo, previous: WinstonInfo | undefined, line: WinstonLine) {
    this.#info = info;
    this.#line = line;
    this.text = textOf(info, previous, line);
    const jsonResult = this.text === undefined ? undefined : jsonResultOf(info, this.text);
    this.#isUnmodified = this.text === undefined || jsonResult !== undefined;
    this.#names = Object.keys(info);
    const knownValues =
      jsonResult?.values?.length === this.#names.length ? jsonResult.values : undefined;
    this.#values = knownValues ?? this.#names.map((name) => readDataProperty(info, name));
  }

  metadata(levels: Levels): LineMetadata {
    const info = this.#info;
    const level = String(info[LEVEL]);
    // Without a text, it is what transports ask a line for.
    const message =
      this.text === undefined ? readProperty(info, "message") : readDataProperty(info, "message");
    return {
      keys: KEYS,
      severityText: level,
      severityNumber: severityOf(level, levels),
      level,
      spanContext: this.#line.spanContext,
      ids: idsAfterFormats(
        recordIdsOf(this.#line),
        this.#line,
        (name) => Object.hasOwn(info, name),
        this.text,
      ),
      areIdsInjected: false,
      message: typeof message === "string" ? message : undefined,
      error: this.#findError(),
      exactNumbers: this.#isUnmodified ? this.#exactNumbers() : undefined,
    };
  }

  /** Of a text that is no JSON: the words and numbers that may be in it. */
  fieldValues(): FieldValues | undefined {
    if (this.text === undefined || JSON_START.test(this.text)) return undefined;
    const values = new Map<string, ScalarValue>();
    for (const [index, value] of this.#values.entries()) {
      if (isScalarValue(value)) values.set(this.#names[index]!, value);
    }
    return values;
  }

  /**
   * The error of the line, and whether all of it may be said: it stands in what the
   * app's formats made of the line, and only JSON has no words for it.
   */
  #findError(): LoggedError | undefined {
    const { error } = this.#line;
    if (error !== undefined) {
      const isLine = this.#info === error || readDataProperty(this.#info, "message") === error;
      return toLoggedError(error, undefined, this.#isUnmodified && isLine);
    }
    for (const [index, value] of this.#values.entries()) {
      if (typeof value === "object" && isErrorInstance(value)) {
        return toLoggedError(value, this.#names[index], this.#isUnmodified);
      }
    }
    return undefined;
  }

  /** The numbers of which JSON has another text, or none. */
  #exactNumbers(): ReadonlyMap<string, number | bigint> | undefined {
    let numbers: Map<string, number | bigint> | undefined;
    for (const [index, value] of this.#values.entries()) {
      if (!isLossyInJson(value)) continue;
      numbers ??= new Map<string, number | bigint>();
      numbers.set(this.#names[index]!, value);
    }
    return numbers;
  }
}

const KEYS: LineKeys = { message: "message", stack: "stack", hasTimestamp: true, unwrap };

/** Not what `prettyPrint()` writes. */
const JSON_START = /^\{\s*"/;

/** What `logstash()` makes of a line. */
function unwrap(line: JsonLine): JsonLine | undefined {
  const { "@fields": fields, "@message": message, "@timestamp": timestamp, ...rest } = line;
  if (typeof fields !== "object" || fields === null) return undefined;
  return { ...rest, ...fields, ...(timestamp !== undefined && { timestamp }), message };
}

function textOf(
  info: WinstonInfo,
  previous: WinstonInfo | undefined,
  { error }: WinstonLine,
): string | undefined {
  const text = readDataProperty(info, MESSAGE);
  if (typeof text !== "string" || text === previous?.[MESSAGE]) return undefined;
  const isErrorsFormat = error !== undefined && text === readDataProperty(error, "message");
  return isErrorsFormat && text !== readDataProperty(info, "message") ? undefined : text;
}

function toLoggedError(
  error: object,
  key: string | undefined,
  isComplete: boolean,
): LoggedError | undefined {
  const exception = exceptionOf(error, readDataProperty);
  return exception && { key, exception, isComplete: isComplete && !hasToJson(error) };
}

const SCALAR_TYPES: ReadonlySet<string> = new Set(["string", "number", "bigint", "boolean"]);

function isScalarValue(value: unknown): value is ScalarValue {
  return SCALAR_TYPES.has(typeof value);
}

function isLossyInJson(value: unknown): value is number | bigint {
  if (typeof value === "bigint") return true;
  return typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0));
}
