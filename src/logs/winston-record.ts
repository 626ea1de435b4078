import { stripVTControlCharacters } from "node:util";
import type { SpanContext } from "@opentelemetry/api";
import type { Holder } from "../context/holder.ts";
import { type IdFields, type Origin, traceOn } from "./correlation.ts";
import { type ExceptionFields, exceptionOf, typeOf } from "./exception.ts";
import type { TelltaleLogger } from "./logger.ts";
import type { LogRecord } from "./record.ts";
import { addHolder, isOfTrace } from "./record-ids.ts";
import { type Levels, severityOf } from "./severity.ts";
import { isError, read } from "./value.ts";

/** Of a winston logger, what decides who gets a line. */
export interface WinstonLogger {
  readonly silent?: unknown;
  readonly level: string;
  readonly levels: Levels;
  readonly _readableState: { readonly pipes: unknown };
}

/** One call of a logger, noted when it was made. */
export interface Line extends Origin {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The error that the line is about, before a format took it apart. */
  readonly error: object | undefined;
  /** Another logger, which passes its lines on to this one, made the record. */
  readonly recorded: boolean;
}

/** A line as a format leaves it. */
interface Info extends IdFields {
  readonly [LEVEL]?: unknown;
  readonly [SPLAT]?: unknown;
  readonly message?: unknown;
  readonly exception?: unknown;
  readonly rejection?: unknown;
}

/** Symbols of `triple-beam`, by which winston, its formats and transports agree. */
const LEVEL: unique symbol = Symbol.for("level");
const SPLAT: unique symbol = Symbol.for("splat");

/** On the prototype of loggers that we know, whichever copy of us patched it. */
export const PATCHED: unique symbol = Symbol.for("telltale.winston");

/** Lines that were recorded and go on to another logger. Seldom: most apps have none. */
const passedOn = new WeakSet<object>();
let somePassedOn = false;

export function isRecorded(info: object): boolean {
  return somePassedOn && passedOn.has(info);
}

/** The error that a line is about: itself, its message or the first of its arguments. */
export function errorOf(info: Info): object | undefined {
  if (isError(info)) return info;
  const message = read(info, "message");
  if (typeof message === "object" && isError(message)) return message;
  const splat = read(info, SPLAT);
  const first: unknown = Array.isArray(splat) ? splat[0] : undefined;
  return typeof first === "object" && isError(first) ? first : undefined;
}

/**
 * Makes the record of a formatted line, if one of the logger's transports takes
 * the line: what is seen in the log is what goes out, levels of transports and
 * `silent` included. Formats of single transports are not run here. Never throws.
 */
export function recordLine(
  records: TelltaleLogger,
  logger: WinstonLogger,
  info: Info,
  line: Line,
): void {
  try {
    if (line.recorded || !isTaken(logger, info)) return;
    const record = records.record(line.at);
    fill(record, logger, info, line);
    records.write(record);
  } catch {
    // A line that can't be read; winston's own attempt will show.
  }
}

function fill(record: LogRecord, logger: WinstonLogger, info: Info, line: Line): void {
  const level = String(info[LEVEL]);
  record.severityText = level;
  record.severityNumber = severityOf(level, logger.levels);
  const body = bodyOf(info.message);
  record.say(body);
  const trace = traceOf(info, line);
  if (trace !== undefined) record.spanContext = trace;
  addHolder(record, line);
  const exception = line.error && exceptionOn(info, line.error, body);
  if (exception !== undefined) record.addException(exception);
  addFields(record, info, line, exception);
}

/** What the record doesn't carry otherwise; the first error among it is the exception. */
function addFields(
  record: LogRecord,
  info: Info,
  { holder }: Line,
  known: ExceptionFields | undefined,
): void {
  let exception = known;
  let stack: string | undefined;
  for (const key of Object.keys(info)) {
    const value = read(info, key);
    if (typeof value === "string") {
      if (key === "stack") stack = value;
      else if (!isCarried(key, value, record, holder)) record.add(key, value);
    } else if (key === "message") {
      continue;
    } else if (exception === undefined && typeof value === "object" && isError(value)) {
      exception = exceptionOf(value);
      if (exception !== undefined) record.addException(exception);
    } else record.add(key, value);
  }
  if (stack !== undefined && stack !== exception?.stacktrace) {
    addStack(record, stack, info.message, exception === undefined);
  }
}

/** `TypeError: …` or `TypeError [ERR_CODE]: …`, anchored: it has to be linear. */
const STACK_START = /^([\w$.]{1,256})(?: \[(\w{1,256})\])?[:\n]/;

/**
 * A stack whose error is gone: a child logger makes a plain object of an error
 * before anybody sees it. If the stack still tells, it is the exception.
 */
function addStack(record: LogRecord, stack: string, message: unknown, isNew: boolean): void {
  const [, name, code] = STACK_START.exec(stack) ?? [];
  if (!isNew || name === undefined || !stack.includes("\n    at ")) {
    record.add("stack", stack);
    return;
  }
  const shown = typeof message === "string" && stack.includes(message);
  const text = shown ? message : undefined;
  record.addException({ type: code ?? name, message: text, stacktrace: stack });
}

function isCarried(
  key: string,
  value: string,
  record: LogRecord,
  holder: Holder | undefined,
): boolean {
  switch (key) {
    case "level":
    case "message":
      return true;
    case "request_id":
      return value === holder?.requestId;
    case "user_id":
      return value === holder?.userId;
    case "organization_id":
      return value === holder?.organizationId;
    case "timestamp":
      return record.stamp(value);
    default:
      return isOfTrace(key, value, record);
  }
}

/** The trace that the line shows: the one of its context, or another that the app put on it. */
function traceOf(info: Info, { trace }: Line): SpanContext | undefined {
  const { trace_id: traceId, span_id: spanId } = info;
  if (traceId === undefined) return trace;
  if (trace !== undefined && traceId === trace.traceId && spanId === trace.spanId) return trace;
  return traceOn(info) ?? trace;
}

/**
 * Only what the format let through: a message or a stack that it took out or
 * changed is not brought back from the error itself.
 */
function exceptionOn(info: Info, error: object, body: unknown): ExceptionFields | undefined {
  if (info === error || info.message === error) return exceptionOf(error);
  const message = read(error, "message");
  const stack = read(info, "stack");
  const stacktrace = typeof stack === "string" ? stack : undefined;
  const shown =
    typeof message === "string" &&
    [body, stacktrace].some((text) => typeof text === "string" && text.includes(message));
  return { type: typeOf(error), message: shown ? message : undefined, stacktrace };
}

/** Colours, as of `colorize({ all: true })`, are for terminals. */
function bodyOf(message: unknown): unknown {
  if (typeof message === "string") {
    return message.includes("\u001b[") ? stripVTControlCharacters(message) : message;
  }
  return isError(message) ? read(message, "message") : message;
}

/** Whoever reads from a logger: a transport, another logger, any stream. */
interface Pipe {
  readonly [PATCHED]?: true;
  readonly silent?: unknown;
  readonly level?: string;
  readonly levels?: Levels;
  readonly parent?: { readonly level?: string } | null;
  readonly handleExceptions?: unknown;
  readonly handleRejections?: unknown;
}

/** Whether anybody gets the line. Without transports the logger's own level decides. */
function isTaken(logger: WinstonLogger, info: Info): boolean {
  const { pipes } = logger._readableState;
  const all: readonly unknown[] = Array.isArray(pipes) ? pipes : isPipe(pipes) ? [pipes] : [];
  return all.length === 0 ? passes(logger.levels, logger.level, info) : isTakenBySome(all, info);
}

/** Another logger runs its own format and makes the record itself, unless it is made here. */
function isTakenBySome(pipes: readonly unknown[], info: Info): boolean {
  let taken = false;
  let goesOn = false;
  for (const pipe of pipes) {
    if (!isPipe(pipe)) continue;
    if (pipe[PATCHED] === true) goesOn = true;
    else taken ||= takes(pipe, info);
  }
  if (taken && goesOn) {
    somePassedOn = true;
    passedOn.add(info);
  }
  return taken;
}

/** As `winston-transport` decides in `_write`, and the streams of `exceptionHandlers` in theirs. */
function takes(pipe: Pipe, info: Info): boolean {
  if (pipe.silent) return false;
  const { levels } = pipe;
  if (levels === undefined) {
    const onlyFatal = pipe.handleExceptions === true || pipe.handleRejections === true;
    return !onlyFatal || info.exception === true || info.rejection === true;
  }
  if (info.exception === true && !pipe.handleExceptions) return false;
  const level = pipe.level || pipe.parent?.level;
  return !level || passes(levels, level, info);
}

function passes(levels: Levels, level: string, info: Info): boolean {
  const most = levels[level] ?? Number.NaN;
  return most >= (levels[String(info[LEVEL])] ?? Number.NaN);
}

function isPipe(value: unknown): value is Pipe {
  return typeof value === "object" && value !== null;
}
