import type { SpanContext } from "@opentelemetry/api";
import { type CorrelationFields, spanContextFrom } from "./correlation.ts";
import type { ExceptionFields } from "./exception.ts";
import { addStack, parseSerializedError, visibleException } from "./line-exception.ts";
import type { LineMetadata } from "./line-metadata.ts";
import { containsText, stripColors } from "./line-text.ts";
import type { LogRecord } from "./log-record.ts";
import type { JsonLine } from "./parse-json-line.ts";
import {
  addIdAttributes,
  isTraceField,
  isUnitOfWorkField,
  type RecordIds,
  visibleIds,
} from "./record-ids.ts";
import { isResourceField } from "./resource-field.ts";
import { isSameTime } from "./time/timestamp.ts";
import { isEmptyMap } from "./value.ts";

/** Fields in which lines have their time. Of these only `timestamp` is documented by telltale. */
const TIME_FIELDS: ReadonlySet<string> = new Set(["time", "timestamp", "@timestamp"]);

/**
 * Fills a record from the fields of a line, as the app showed it: message, trace,
 * ids, exception, attributes. Fields that repeat the resource (`pid`, `hostname`)
 * are left out.
 *
 * @param text the whole line, which is the body if the line has no message. Without
 *   a text the body is the fields.
 */
export function addStructuredLine(
  record: LogRecord,
  line: JsonLine,
  text: string | undefined,
  metadata: LineMetadata,
): void {
  setSpanContextFromLine(record, line, metadata.spanContext);
  const ids = idsInLine(line, text, metadata);
  addIdAttributes(record, ids);
  const message = findMessageKey(line, metadata);
  const body = bodyOf(line[message], metadata) ?? text ?? metadata.message ?? line;
  record.setBody(body);
  const fields = new LineFieldReader(record, metadata, ids);
  for (const key of Object.keys(line)) if (key !== message) fields.add(key, line[key]);
  fields.addException(body, text ?? "");
}

/** Adds the fields of a line to a record. The first error among them becomes the exception. */
class LineFieldReader {
  readonly #record: LogRecord;
  readonly #metadata: LineMetadata;
  readonly #ids: RecordIds;
  #exception: ExceptionFields | undefined = undefined;
  #stack: string | undefined = undefined;

  constructor(record: LogRecord, metadata: LineMetadata, ids: RecordIds) {
    this.#record = record;
    this.#metadata = metadata;
    this.#ids = ids;
  }

  add(key: string, value: unknown): void {
    const { keys } = this.#metadata;
    if (key === "level" && isLevel(value, this.#metadata)) return;
    const exact = this.#metadata.exactNumbers?.get(key);
    if (exact !== undefined) {
      this.#record.setAttribute(key, exact);
      return;
    }
    if (typeof value === "string") {
      if (key === keys.stack) this.#stack = value;
      else if (!this.#isRedundant(key, value)) this.#record.setField(key, value);
      return;
    }
    const rest = isMap(value) ? this.#withoutErrors(key, value) : value;
    if (rest !== undefined && !this.#isRedundant(key, rest))
      this.#record.setAttributeWithoutCopy(key, rest);
  }

  /** Adds the error that the line is about, or the parts of it that the line shows. Called after all fields. */
  addException(body: unknown, text: string): void {
    const { error } = this.#metadata;
    const stack = this.#stack;
    if (this.#exception === undefined && error !== undefined) {
      // A format has removed or replaced the field that was the error.
      const isComplete = error.isComplete && error.key === undefined;
      this.#setException(visibleException({ ...error, isComplete }, [body, stack, text], stack));
    }
    if (stack === undefined || stack === this.#exception?.stacktrace) return;
    if (this.#exception === undefined) addStack(this.#record, stack, body);
    else this.#record.setAttribute("stack", stack);
  }

  #setException(exception: ExceptionFields): void {
    this.#exception = exception;
    this.#record.addException(exception);
  }

  /** Takes errors out of a map and returns the rest; undefined if nothing is left. */
  #withoutErrors(key: string, map: JsonLine): JsonLine | undefined {
    const { keys } = this.#metadata;
    if (key !== keys.nested) return this.#withoutError(key, map);
    const rest: Record<string, unknown> = {};
    for (const name of Object.keys(map)) {
      const value = map[name];
      const remaining = isMap(value) ? this.#withoutError(name, value) : value;
      if (remaining !== undefined) rest[name] = remaining;
    }
    return isEmptyMap(rest) && !isEmptyMap(map) ? undefined : rest;
  }

  /** Takes an error out of a map: one that a serialiser wrote, or one of which JSON shows only `{}`. */
  #withoutError(key: string, map: JsonLine): JsonLine | undefined {
    const { keys, error } = this.#metadata;
    if (this.#exception !== undefined) return map;
    const serialized = key === keys.error ? parseSerializedError(map) : undefined;
    if (serialized !== undefined) {
      this.#setException(serialized.exception);
      return serialized.rest;
    }
    if (error?.key !== key || !error.isComplete) return map;
    const { name: _, message, stack: __, code, ...rest } = map;
    const { exception } = error;
    if (message !== undefined && message !== exception.message) return map;
    this.#setException(exception);
    const isType = code === undefined || `${code as string | number}` === exception.type;
    if (isType) return isEmptyMap(rest) ? undefined : rest;
    return { ...rest, code };
  }

  /** Whether the record, or its resource, has the field in another place. */
  #isRedundant(key: string, value: unknown): boolean {
    const record = this.#record;
    if (isTraceField(key, value, record) || isUnitOfWorkField(key, value, this.#ids)) return true;
    const attribute = this.#metadata.keys.resource?.get(key);
    if (attribute !== undefined) return value === record.resource.attributes[attribute];
    if (isResourceField(key, value)) return !this.#metadata.keys.hasTimestamp;
    if (!TIME_FIELDS.has(key)) return false;
    if (!this.#metadata.keys.hasTimestamp) return isRecordTime(value, record);
    return key === "timestamp" && typeof value === "string" && record.setTimestampText(value);
  }
}

/** Sets the span context that the line shows: that of its context, or another that the app put on it. */
export function setSpanContextFromLine(
  record: LogRecord,
  line: CorrelationFields,
  spanContext: SpanContext | undefined,
): void {
  const { trace_id: traceId, span_id: spanId } = line;
  const isSame =
    traceId === undefined ||
    (spanContext !== undefined &&
      traceId === spanContext.traceId &&
      (spanId ?? spanContext.spanId) === spanContext.spanId);
  const result = isSame ? spanContext : (spanContextFrom(line) ?? spanContext);
  if (result !== undefined) record.spanContext = result;
}

/** Leaves out ids that the app removed from the line (by redaction or a format). */
function idsInLine(
  line: JsonLine,
  text: string | undefined,
  { ids, areIdsInjected }: LineMetadata,
): RecordIds {
  if (!areIdsInjected) return ids;
  return visibleIds(
    ids,
    (name, value) => line[name] !== undefined || (text !== undefined && containsText(text, value)),
  );
}

/** Finds the field of the message, which a format may have renamed. */
function findMessageKey(line: JsonLine, { keys, message }: LineMetadata): string {
  if (message === undefined || Object.hasOwn(line, keys.message)) return keys.message;
  return Object.keys(line).find((key) => line[key] === message) ?? keys.message;
}

/** Returns the body of a message; undefined if it is empty. */
function bodyOf(message: unknown, { error }: LineMetadata): unknown {
  if (typeof message === "string") {
    const text = stripColors(message);
    return text === "" ? undefined : text;
  }
  const hasMessage =
    message !== undefined && message !== null && !(isMap(message) && isEmptyMap(message));
  if (hasMessage) return message;
  return error?.isComplete === true && error.key === undefined
    ? error.exception.message
    : undefined;
}

function isLevel(value: unknown, { severityText, level, keys }: LineMetadata): boolean {
  return keys.hasTimestamp || value === level || value === severityText;
}

function isRecordTime(value: unknown, record: LogRecord): boolean {
  if (typeof value === "string" && !/^\d{4}-/.test(value)) return false;
  return isSameTime(new Date(value as string | number | Date).getTime(), record.observedTimestamp);
}

function isMap(value: unknown): value is JsonLine {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
