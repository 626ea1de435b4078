import type { SpanContext } from "@opentelemetry/api";
import type { ExceptionFields } from "./exception.ts";
import type { JsonLine } from "./parse-json-line.ts";
import type { RecordIds } from "./record-ids.ts";

/** How a logger names what a record has a place of its own for. */
export interface LineKeys {
  readonly message: string;
  /** Under which a serialiser writes an error. */
  readonly error?: string;
  /** Under which all fields of the call lie. */
  readonly nested?: string | undefined;
  /** The stack of the error that the line is. */
  readonly stack?: string;
  /** Whether `timestamp` is the time of the line (winston), and its level always a name. */
  readonly hasTimestamp?: boolean;
  /** Undoes what a known format does to a line (`logstash()`); undefined where it didn't. */
  unwrap?(line: JsonLine): JsonLine | undefined;
}

/** What is known of a line beside what it shows. */
export interface LineMetadata {
  readonly keys: LineKeys;
  readonly severityText: string;
  /** 0: unspecified. */
  readonly severityNumber: number;
  /** As the line has it, where that is a number. */
  readonly level: unknown;
  readonly spanContext: SpanContext | undefined;
  readonly ids: RecordIds;
  /** Whether the line was given the ids: then those that it doesn't show were taken out. */
  readonly areIdsInjected: boolean;
  /** The text that the logger was given, if it is one. */
  readonly message: string | undefined;
  readonly error: LoggedError | undefined;
  /** Fields that are numbers of which JSON has another text: NaN, bigints. */
  readonly exactNumbers?: ReadonlyMap<string, number | bigint> | undefined;
}

/** An error that the logger was given. */
export interface LoggedError {
  /** The field that it is; undefined: the line itself is about it. */
  readonly key: string | undefined;
  readonly exception: ExceptionFields;
  /** The app hides nothing of it: a text of JSON shows `{}` for want of better. */
  readonly isComplete: boolean;
}
