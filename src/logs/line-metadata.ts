import type { SpanContext } from "@opentelemetry/api";
import type { ExceptionFields } from "./exception.ts";
import type { JsonLine } from "./parse-json-line.ts";
import type { RecordIds } from "./record-ids.ts";

/** The names that a logger uses for the fields that a record stores separately. */
export interface LineKeys {
  readonly message: string;
  /** The field in which a serialiser writes an error. */
  readonly error?: string;
  /** The field that contains all fields of the call. */
  readonly nested?: string | undefined;
  /** The field with the stack of a line that is an error. */
  readonly stack?: string;
  /** Whether `timestamp` is the time of the line, and its level always a name (winston). */
  readonly hasTimestamp?: boolean;
  /** Fields that may repeat an attribute of the resource, by their names. */
  readonly resource?: ReadonlyMap<string, string>;
  /** Undoes a known format (`logstash()`). Returns undefined if the line doesn't have that format. */
  unwrap?(line: JsonLine): JsonLine | undefined;
}

/** What is known about a line in addition to its text. */
export interface LineMetadata {
  readonly keys: LineKeys;
  readonly severityText: string;
  /** 1 to 24, or 0 if unspecified. */
  readonly severityNumber: number;
  /** The level as the line shows it: a number for pino and bunyan. */
  readonly level: unknown;
  readonly spanContext: SpanContext | undefined;
  readonly ids: RecordIds;
  /** Whether the ids were put on the line. If so, the app has removed those that the line doesn't show. */
  readonly areIdsInjected: boolean;
  /** The message that was logged, if it is a text. */
  readonly message: string | undefined;
  readonly error: LoggedError | undefined;
  /** Fields with numbers that JSON can't represent: NaN, bigints. */
  readonly exactNumbers?: ReadonlyMap<string, number | bigint> | undefined;
}

/** An error that was logged. */
export interface LoggedError {
  /** The field with the error; undefined if the line itself is about the error. */
  readonly key: string | undefined;
  readonly exception: ExceptionFields;
  /** Whether the app hides no part of the error: JSON shows `{}` only because it can't show errors. */
  readonly isComplete: boolean;
}
