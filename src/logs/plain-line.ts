import { hostname } from "node:os";
import type { SpanContext } from "@opentelemetry/api";
import { type IdFields, type Origin, traceOn } from "./correlation.ts";
import { type ExceptionFields, exceptionOf } from "./exception.ts";
import { isSameMoment } from "./moment.ts";
import type { LogRecord } from "./record.ts";
import { isOfTrace } from "./record-ids.ts";
import { isError, read } from "./value.ts";

/** A line as loggers of JSON (pino, bunyan) write it. */
export type PlainLine = IdFields & Readonly<Record<string, unknown>>;

/** How a logger names what a record has a place of its own for. */
export interface LineKeys {
  readonly message: string;
  readonly error: string;
}

/** Names under which lines carry their time; only `timestamp` is one of the contract. */
const TIMES: ReadonlySet<string> = new Set(["time", "timestamp", "@timestamp"]);

/**
 * Puts a whole line, ids included, into a record: message, trace, exception,
 * attributes. What the resource says anyway (`pid`, `hostname`) is left out.
 *
 * @param given what the logger was handed, of which the line may have lost an error
 */
export function addLine(
  record: LogRecord,
  line: PlainLine,
  keys: LineKeys,
  origin: Origin,
  given?: object,
): void {
  const trace = traceOf(line, origin);
  if (trace !== undefined) record.spanContext = trace;
  const message = read(line, keys.message);
  if (message !== undefined) record.say(message);
  let exception: ExceptionFields | undefined;
  for (const key of Object.keys(line)) {
    if (key === keys.message || key === "level") continue;
    const value = read(line, key);
    const thrown = exception === undefined ? thrownAs(key, value, keys, given) : undefined;
    if (thrown !== undefined) {
      exception = thrown.exception;
      record.addException(exception);
      if (thrown.rest !== undefined) record.add(key, thrown.rest);
    } else if (!isCarried(key, value, record)) record.add(key, value);
  }
}

let host: string | undefined;

/** Whether `key` says what every record's resource says. */
export function isOfResource(key: string, value: unknown): boolean {
  if (key === "pid") return value === process.pid;
  return key === "hostname" && value === (host ??= hostname());
}

/** The trace that the line shows: the one of its context, or another that the app put on it. */
function traceOf(line: PlainLine, { trace }: Origin): SpanContext | undefined {
  if (line.trace_id === undefined || line.trace_id === trace?.traceId) return trace;
  return traceOn(line) ?? trace;
}

function isCarried(key: string, value: unknown, record: LogRecord): boolean {
  return (
    isOfTrace(key, value, record) ||
    isOfResource(key, value) ||
    (TIMES.has(key) && isRecordsTime(value, record))
  );
}

function isRecordsTime(value: unknown, record: LogRecord): boolean {
  if (typeof value === "string" && !/^\d{4}-/.test(value)) return false;
  return isSameMoment(new Date(value as string | number | Date).getTime(), record.observedAt);
}

interface Thrown {
  readonly exception: ExceptionFields;
  /** What else the line tells of it. */
  readonly rest: object | undefined;
}

/** An error, as a serialiser wrote it or as the line only hints at it: `{}`. */
function thrownAs(
  key: string,
  value: unknown,
  keys: LineKeys,
  given: object | undefined,
): Thrown | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (key === keys.error) return writtenError(value);
  const original = given === undefined ? undefined : read(given, key);
  if (!isError(original) || Object.hasOwn(value, "message")) return undefined;
  const exception = exceptionOf(original);
  return exception && { exception, rest: Object.keys(value).length > 0 ? value : undefined };
}

function writtenError(value: object): Thrown | undefined {
  const { type, name, code, message, stack, ...rest } = value as Record<string, unknown>;
  const exception = exceptionOf({ name: type ?? name, code, message, stack });
  if (exception === undefined) return undefined;
  const tellsMore = Object.values(rest).some((field) => field !== undefined);
  return { exception, rest: tellsMore ? rest : undefined };
}
