import { hostname } from "node:os";
import { stripVTControlCharacters } from "node:util";
import type { SpanContext } from "@opentelemetry/api";
import { type CorrelationFields, spanContextFrom } from "./correlation.ts";
import { type ExceptionFields, exceptionOf } from "./exception.ts";
import type { JsonLine } from "./parse-json-line.ts";
import type { LineMetadata } from "./line-metadata.ts";
import { isSameTime } from "./timestamp.ts";
import type { LogRecord } from "./log-record.ts";
import {
  addIdAttributes,
  isTraceField,
  isUnitOfWorkField,
  type RecordIds,
  visibleIds,
} from "./record-ids.ts";
import { readProperty } from "./value.ts";

/** Names under which lines carry their time; only `timestamp` is one of the contract. */
const TIME_FIELDS: ReadonlySet<string> = new Set(["time", "timestamp", "@timestamp"]);

/**
 * Puts the fields of a line, as it was shown, into a record: message, trace, ids,
 * exception, attributes. What the resource says anyway (`pid`, `hostname`) is left out.
 *
 * @param text of the line, which is the body where the line has no message; where
 *   there is none, its fields are.
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

/** Takes up the fields of a line, one by one; the first error among them is the exception. */
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
      else if (!this.#isRedundant(key, value)) this.#record.setAttribute(key, value);
      return;
    }
    const rest = isObject(value) ? this.#withoutErrors(key, value) : value;
    if (rest !== undefined && !this.#isRedundant(key, rest))
      this.#record.setAttributeWithoutCopy(key, rest);
  }

  /** After all fields: the error that the line is about, of which it shows some or all. */
  addException(body: unknown, text: string): void {
    const { error } = this.#metadata;
    const stack = this.#stack;
    if (this.#exception === undefined && error !== undefined) {
      // A field that is none of the line's any more, or something else there, was hidden.
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

  /** What a map says beside of an error; undefined where that is all. */
  #withoutErrors(key: string, map: JsonLine): JsonLine | undefined {
    const { keys } = this.#metadata;
    if (key !== keys.nested) return this.#withoutError(key, map);
    const rest: Record<string, unknown> = {};
    for (const name of Object.keys(map)) {
      const value = map[name];
      const remaining = isObject(value) ? this.#withoutError(name, value) : value;
      if (remaining !== undefined) rest[name] = remaining;
    }
    return isEmpty(rest) && !isEmpty(map) ? undefined : rest;
  }

  /** An error as a serialiser wrote it, or as the line only hints at it: `{}`. */
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
    if (isType) return isEmpty(rest) ? undefined : rest;
    return { ...rest, code };
  }

  /** Whether the record has a place of its own for it. */
  #isRedundant(key: string, value: unknown): boolean {
    const record = this.#record;
    if (isTraceField(key, value, record) || isUnitOfWorkField(key, value, this.#ids)) return true;
    if (isResourceField(key, value)) return !this.#metadata.keys.hasTimestamp;
    if (!TIME_FIELDS.has(key)) return false;
    if (!this.#metadata.keys.hasTimestamp) return isRecordTime(value, record);
    return key === "timestamp" && typeof value === "string" && record.setTimestampText(value);
  }
}

/** The trace that the line shows: the one of its context, or another that the app put on it. */
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

/** Without ids that the app took out of the line (a redaction, a format). */
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

/** Whether a text has another in it, as it is or as JSON writes it. */
export function containsText(text: string, value: string): boolean {
  return text.includes(value) || text.includes(JSON.stringify(value).slice(1, -1));
}

/** Where the message stands: a format may have named it otherwise. */
function findMessageKey(line: JsonLine, { keys, message }: LineMetadata): string {
  if (message === undefined || Object.hasOwn(line, keys.message)) return keys.message;
  return Object.keys(line).find((key) => line[key] === message) ?? keys.message;
}

/** What a message says; undefined where it says nothing. */
function bodyOf(message: unknown, { error }: LineMetadata): unknown {
  if (typeof message === "string") {
    const text = stripColors(message);
    return text === "" ? undefined : text;
  }
  const hasMessage =
    message !== undefined && message !== null && !(isObject(message) && isEmpty(message));
  if (hasMessage) return message;
  return error?.isComplete === true && error.key === undefined
    ? error.exception.message
    : undefined;
}

/** Colours, as of `colorize({ all: true })`, are for terminals. */
export function stripColors(text: string): string {
  return text.includes("\u001b[") ? stripVTControlCharacters(text) : text;
}

function isLevel(value: unknown, { severityText, level, keys }: LineMetadata): boolean {
  return keys.hasTimestamp || value === level || value === severityText;
}

/** Of an error, what the line shows: the rest may be what the app's formats keep back. */
export function visibleException(
  { exception, isComplete }: NonNullable<LineMetadata["error"]>,
  texts: readonly unknown[],
  stack: string | undefined,
): ExceptionFields {
  if (isComplete) return stack === undefined ? exception : { ...exception, stacktrace: stack };
  const { type, message, stacktrace } = exception;
  const isVisible = (part: string): boolean =>
    texts.some((text) => typeof text === "string" && containsText(text, part));
  const isMessageVisible = message === undefined || isVisible(message);
  // The first line of a stack has the message, and not always as the text has it.
  const frames = stacktrace?.slice(stacktrace.indexOf("\n    at "));
  const hasFrames = frames !== undefined && frames.length > 1 && isVisible(frames);
  return {
    type,
    message: isMessageVisible ? message : undefined,
    stacktrace: stack ?? (isMessageVisible && hasFrames ? stacktrace : undefined),
  };
}

/** `TypeError: …` or `TypeError [ERR_CODE]: …`, anchored: it has to be linear. */
const STACK_START = /^([\w$.]{1,256})(?: \[(\w{1,256})\])?[:\n]/;

/**
 * Adds a stack, as the exception where it says enough of one: a child logger of winston's
 * makes a plain object of an error before anybody sees it.
 */
export function addStack(record: LogRecord, stack: string, body: unknown): void {
  const [, name, code] = STACK_START.exec(stack) ?? [];
  if (name === undefined || !stack.includes("\n    at ")) {
    record.setAttribute("stack", stack);
    return;
  }
  const message = typeof body === "string" && stack.includes(body) ? body : undefined;
  record.addException({ type: code ?? name, message, stacktrace: stack });
}

interface SerializedError {
  readonly exception: ExceptionFields;
  /** What else the line says of it. */
  readonly rest: JsonLine | undefined;
}

function parseSerializedError(map: JsonLine): SerializedError | undefined {
  const { type, name, code, message, stack, ...rest } = map;
  const exception = exceptionOf({ name: type ?? name, code, message, stack }, readProperty);
  return exception && { exception, rest: isEmpty(rest) ? undefined : rest };
}

let cachedHostname: string | undefined;

/** Whether `key` says what every record's resource says. */
export function isResourceField(key: string, value: unknown): boolean {
  if (key === "pid") return value === process.pid;
  return key === "hostname" && value === (cachedHostname ??= hostname());
}

function isRecordTime(value: unknown, record: LogRecord): boolean {
  if (typeof value === "string" && !/^\d{4}-/.test(value)) return false;
  return isSameTime(new Date(value as string | number | Date).getTime(), record.observedTimestamp);
}

function isObject(value: unknown): value is JsonLine {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEmpty(map: JsonLine): boolean {
  for (const _ in map) return false;
  return true;
}
