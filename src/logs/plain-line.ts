import { hostname } from "node:os";
import { stripVTControlCharacters } from "node:util";
import type { SpanContext } from "@opentelemetry/api";
import { type IdFields, traceOn } from "./correlation.ts";
import { type ExceptionFields, exceptionOf } from "./exception.ts";
import type { JsonLine } from "./json-line.ts";
import type { LineFacts } from "./line-facts.ts";
import { isSameMoment } from "./moment.ts";
import type { LogRecord } from "./record.ts";
import { addIds, isOfTrace, isOfWork, type RecordIds, shownIds } from "./record-ids.ts";
import { read } from "./value.ts";

/** Names under which lines carry their time; only `timestamp` is one of the contract. */
const TIMES: ReadonlySet<string> = new Set(["time", "timestamp", "@timestamp"]);

/**
 * Puts the fields of a line, as it was shown, into a record: message, trace, ids,
 * exception, attributes. What the resource says anyway (`pid`, `hostname`) is left out.
 *
 * @param text of the line, which is the body where the line has no message; where
 *   there is none, its fields are.
 */
export function addLine(
  record: LogRecord,
  line: JsonLine,
  text: string | undefined,
  facts: LineFacts,
): void {
  setTrace(record, line, facts.trace);
  const ids = idsIn(line, text, facts);
  addIds(record, ids);
  const message = messageKeyIn(line, facts);
  const body = bodyOf(line[message], facts) ?? text ?? facts.message ?? line;
  record.say(body);
  const fields = new LineFields(record, facts, ids);
  for (const key of Object.keys(line)) if (key !== message) fields.add(key, line[key]);
  fields.addException(body, text ?? "");
}

/** Takes up the fields of a line, one by one; the first error among them is the exception. */
class LineFields {
  readonly #record: LogRecord;
  readonly #facts: LineFacts;
  readonly #ids: RecordIds;
  #exception: ExceptionFields | undefined = undefined;
  #stack: string | undefined = undefined;

  constructor(record: LogRecord, facts: LineFacts, ids: RecordIds) {
    this.#record = record;
    this.#facts = facts;
    this.#ids = ids;
  }

  add(key: string, value: unknown): void {
    const { keys } = this.#facts;
    if (key === "level" && isLevel(value, this.#facts)) return;
    const exact = this.#facts.numbers?.get(key);
    if (exact !== undefined) {
      this.#record.add(key, exact);
      return;
    }
    if (typeof value === "string") {
      if (key === keys.stack) this.#stack = value;
      else if (!this.#isKnown(key, value)) this.#record.add(key, value);
      return;
    }
    const rest = isMap(value) ? this.#withoutErrors(key, value) : value;
    if (rest !== undefined && !this.#isKnown(key, rest)) this.#record.addOwn(key, rest);
  }

  /** After all fields: the error that the line is about, of which it shows some or all. */
  addException(body: unknown, text: string): void {
    const { error } = this.#facts;
    const stack = this.#stack;
    if (this.#exception === undefined && error !== undefined) {
      // A field that is none of the line's any more, or something else there, was hidden.
      const isWhole = error.isWhole && error.key === undefined;
      this.#setException(shownException({ ...error, isWhole }, [body, stack, text], stack));
    }
    if (stack === undefined || stack === this.#exception?.stacktrace) return;
    if (this.#exception === undefined) addStack(this.#record, stack, body);
    else this.#record.add("stack", stack);
  }

  #setException(exception: ExceptionFields): void {
    this.#exception = exception;
    this.#record.addException(exception);
  }

  /** What a map says beside of an error; undefined where that is all. */
  #withoutErrors(key: string, map: JsonLine): JsonLine | undefined {
    const { keys } = this.#facts;
    if (key !== keys.nested) return this.#withoutError(key, map);
    const rest: Record<string, unknown> = {};
    for (const name of Object.keys(map)) {
      const value = map[name];
      const kept = isMap(value) ? this.#withoutError(name, value) : value;
      if (kept !== undefined) rest[name] = kept;
    }
    return isEmpty(rest) && !isEmpty(map) ? undefined : rest;
  }

  /** An error as a serialiser wrote it, or as the line only hints at it: `{}`. */
  #withoutError(key: string, map: JsonLine): JsonLine | undefined {
    const { keys, error } = this.#facts;
    if (this.#exception !== undefined) return map;
    const written = key === keys.error ? writtenError(map) : undefined;
    if (written !== undefined) {
      this.#setException(written.exception);
      return written.rest;
    }
    if (error?.key !== key || !error.isWhole) return map;
    const { name: _, message, stack: __, code, ...rest } = map;
    const { exception } = error;
    if (message !== undefined && message !== exception.message) return map;
    this.#setException(exception);
    const isType = code === undefined || `${code as string | number}` === exception.type;
    if (isType) return isEmpty(rest) ? undefined : rest;
    return { ...rest, code };
  }

  /** Whether the record has a place of its own for it. */
  #isKnown(key: string, value: unknown): boolean {
    const record = this.#record;
    if (isOfTrace(key, value, record) || isOfWork(key, value, this.#ids)) return true;
    if (isOfResource(key, value)) return !this.#facts.keys.isStamped;
    if (!TIMES.has(key)) return false;
    if (!this.#facts.keys.isStamped) return isRecordsTime(value, record);
    return key === "timestamp" && typeof value === "string" && record.stamp(value);
  }
}

/** The trace that the line shows: the one of its context, or another that the app put on it. */
export function setTrace(record: LogRecord, shown: IdFields, trace: SpanContext | undefined): void {
  const { trace_id: traceId, span_id: spanId } = shown;
  const isSame =
    traceId === undefined ||
    (trace !== undefined && traceId === trace.traceId && (spanId ?? trace.spanId) === trace.spanId);
  const found = isSame ? trace : (traceOn(shown) ?? trace);
  if (found !== undefined) record.spanContext = found;
}

/** Without ids that the app took out of the line (a redaction, a format). */
function idsIn(line: JsonLine, text: string | undefined, { ids, arePut }: LineFacts): RecordIds {
  if (!arePut) return ids;
  return shownIds(
    ids,
    (name, value) => line[name] !== undefined || (text !== undefined && shows(text, value)),
  );
}

/** Whether a text has another in it, as it is or as JSON writes it. */
export function shows(text: string, value: string): boolean {
  return text.includes(value) || text.includes(JSON.stringify(value).slice(1, -1));
}

/** Where the message stands: a format may have named it otherwise. */
function messageKeyIn(line: JsonLine, { keys, message }: LineFacts): string {
  if (message === undefined || Object.hasOwn(line, keys.message)) return keys.message;
  return Object.keys(line).find((key) => line[key] === message) ?? keys.message;
}

/** What a message says; undefined where it says nothing. */
function bodyOf(message: unknown, { error }: LineFacts): unknown {
  if (typeof message === "string") {
    const text = plainText(message);
    return text === "" ? undefined : text;
  }
  const isSaid = message !== undefined && message !== null && !(isMap(message) && isEmpty(message));
  if (isSaid) return message;
  return error?.isWhole === true && error.key === undefined ? error.exception.message : undefined;
}

/** Colours, as of `colorize({ all: true })`, are for terminals. */
export function plainText(text: string): string {
  return text.includes("\u001b[") ? stripVTControlCharacters(text) : text;
}

function isLevel(value: unknown, { severityText, level, keys }: LineFacts): boolean {
  return keys.isStamped || value === level || value === severityText;
}

/** Of an error, what the line shows: the rest may be what the app's formats keep back. */
export function shownException(
  { exception, isWhole }: NonNullable<LineFacts["error"]>,
  texts: readonly unknown[],
  stack: string | undefined,
): ExceptionFields {
  if (isWhole) return stack === undefined ? exception : { ...exception, stacktrace: stack };
  const { type, message, stacktrace } = exception;
  const isShown = (part: string): boolean =>
    texts.some((text) => typeof text === "string" && shows(text, part));
  const isSaid = message === undefined || isShown(message);
  // The first line of a stack has the message, and not always as the text has it.
  const frames = stacktrace?.slice(stacktrace.indexOf("\n    at "));
  const hasFrames = frames !== undefined && frames.length > 1 && isShown(frames);
  return {
    type,
    message: isSaid ? message : undefined,
    stacktrace: stack ?? (isSaid && hasFrames ? stacktrace : undefined),
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
    record.add("stack", stack);
    return;
  }
  const message = typeof body === "string" && stack.includes(body) ? body : undefined;
  record.addException({ type: code ?? name, message, stacktrace: stack });
}

interface WrittenError {
  readonly exception: ExceptionFields;
  /** What else the line says of it. */
  readonly rest: JsonLine | undefined;
}

function writtenError(map: JsonLine): WrittenError | undefined {
  const { type, name, code, message, stack, ...rest } = map;
  const exception = exceptionOf({ name: type ?? name, code, message, stack }, read);
  return exception && { exception, rest: isEmpty(rest) ? undefined : rest };
}

let host: string | undefined;

/** Whether `key` says what every record's resource says. */
export function isOfResource(key: string, value: unknown): boolean {
  if (key === "pid") return value === process.pid;
  return key === "hostname" && value === (host ??= hostname());
}

function isRecordsTime(value: unknown, record: LogRecord): boolean {
  if (typeof value === "string" && !/^\d{4}-/.test(value)) return false;
  return isSameMoment(new Date(value as string | number | Date).getTime(), record.observedAt);
}

function isMap(value: unknown): value is JsonLine {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEmpty(map: JsonLine): boolean {
  for (const _ in map) return false;
  return true;
}
