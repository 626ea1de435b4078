import { hasToJson, isErrorInstance, readDataProperty } from "../../../logs/data-property.ts";
import { exceptionOf } from "../../../logs/exception.ts";
import type { JsonLine } from "../../../logs/parse-json-line.ts";
import type { LineMetadata, LineKeys, LoggedError } from "../../../logs/line-metadata.ts";
import { recordIdsOf } from "../../../logs/record-ids.ts";
import { type Levels, severityOf } from "../../../logs/severity.ts";
import type { FieldValue } from "../../../logs/line-text.ts";
import type { FieldValues } from "../../../logs/text-line.ts";
import { isLossyInJson, isScalar, readProperty } from "../../../logs/value.ts";
import { idsAfterFormats } from "./line-ids.ts";
import { linesInFlight, type WinstonLine } from "./lines-in-flight.ts";
import { isTelltaleLine, TELLTALE_KEYS } from "./telltale-line.ts";
import { LEVEL, MESSAGE, type WinstonInfo } from "./winston-info.ts";

/** A line after its format, with the values of its fields. Reading them runs none of the app's getters. */
export class FormattedInfo {
  /**
   * The text of the line. Undefined if there is none, or if a format has changed the
   * fields since: the text is the logger's if a transport's format wrote no other,
   * and that of `errors()` if a later format changed the message.
   */
  readonly text: string | undefined;
  readonly #info: WinstonInfo;
  readonly #line: WinstonLine;
  readonly #names: readonly string[];
  readonly #values: readonly unknown[];
  /** Whether the text has all fields, since no format of the app has changed it. */
  readonly #isUnmodified: boolean;

  /** @param previous the line before a transport's format ran. */
  constructor(info: WinstonInfo, previous: WinstonInfo | undefined, line: WinstonLine) {
    this.#info = info;
    this.#line = line;
    this.text = textOf(info, previous, line);
    const jsonResult =
      this.text === undefined ? undefined : linesInFlight.jsonResultOf(info, this.text);
    this.#isUnmodified = this.text === undefined || jsonResult !== undefined;
    this.#names = Object.keys(info);
    const knownValues =
      jsonResult?.values?.length === this.#names.length ? jsonResult.values : undefined;
    this.#values = knownValues ?? this.#names.map((name) => readDataProperty(info, name));
  }

  metadata(levels: Levels): LineMetadata {
    const info = this.#info;
    const level = String(info[LEVEL]);
    // Transports show the message of a line without a text, so its getter runs anyway.
    const message =
      this.text === undefined ? readProperty(info, "message") : readDataProperty(info, "message");
    return {
      keys: isTelltaleLine(info) ? TELLTALE_KEYS : KEYS,
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

  /** Returns the fields that a text which is not JSON may contain. */
  fieldValues(): FieldValues | undefined {
    if (this.text === undefined || JSON_START.test(this.text)) return undefined;
    const values = new Map<string, FieldValue>();
    for (const [index, value] of this.#values.entries()) {
      if (isScalar(value) || typeof value === "bigint") values.set(this.#names[index]!, value);
    }
    return values;
  }

  /**
   * Finds the error of the line. It is complete if the app's formats left it on the
   * line unchanged, so that the text lacks it only because JSON shows `{}`.
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

  /** Returns the numbers that JSON can't represent. */
  #exactNumbers(): ReadonlyMap<string, number | bigint> | undefined {
    let numbers: Map<string, number | bigint> | undefined;
    for (const [index, value] of this.#values.entries()) {
      if (typeof value === "bigint" || (typeof value === "number" && isLossyInJson(value))) {
        numbers ??= new Map<string, number | bigint>();
        numbers.set(this.#names[index]!, value);
      }
    }
    return numbers;
  }
}

const KEYS: LineKeys = { message: "message", stack: "stack", hasTimestamp: true, unwrap };

/** The start of JSON, which the output of `prettyPrint()` doesn't match. */
const JSON_START = /^\{\s*"/;

/** Undoes `logstash()`. */
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
