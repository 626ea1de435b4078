import { stripVTControlCharacters } from "node:util";
import type { SpanContext } from "@opentelemetry/api";
import { type IdFields, type Origin, traceOn } from "./correlation.ts";
import { type ExceptionFields, exceptionOf, typeOf } from "./exception.ts";
import type { TelltaleLogger } from "./logger.ts";
import type { LogRecord, RecordSource } from "./record.ts";
import { addHolder } from "./record-ids.ts";
import { type Shape, showsIds } from "./line-shape.ts";
import { type Levels, severityOf } from "./severity.ts";
import { isError, read } from "./value.ts";
import { addFields, fieldsOf } from "./winston-fields.ts";
import { takeWritten, type WrittenLine } from "./winston-line.ts";

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

/**
 * The error that a line is about: itself, its message or the first of its
 * arguments; undefined also for a line that can't be read.
 */
export function errorOf(info: Info): object | undefined {
  try {
    if (isError(info)) return info;
    const { message, [SPLAT]: splat } = info;
    if (typeof message === "object" && isError(message)) return message;
    const first: unknown = Array.isArray(splat) ? splat[0] : undefined;
    return typeof first === "object" && isError(first) ? first : undefined;
  } catch {
    return undefined;
  }
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
    const written = line.error === undefined ? takeWritten(info) : undefined;
    if (written !== undefined && showsIds(written.shape, line)) {
      records.write(
        new WrittenRecord(records, line.at, line.trace, written, info[LEVEL], logger.levels),
      );
      return;
    }
    const record = records.record(line.at);
    fill(record, logger, info, line);
    records.write(record);
  } catch {
    // A line that can't be read; winston's own attempt will show.
  }
}

function fill(record: LogRecord, logger: WinstonLogger, info: Info, line: Line): void {
  setSeverity(record, info[LEVEL], logger.levels);
  const body = bodyOf(info.message);
  record.say(body);
  setTrace(record, info, line.trace);
  addHolder(record, line);
  const exception = line.error && exceptionOn(info, line.error, body);
  if (exception !== undefined) record.addException(exception);
  addFields(record, fieldsOf(info), info.message, line.holder, exception);
}

/** A line whose text is written: what it says is fixed, so it can wait. */
class WrittenRecord implements RecordSource {
  readonly #records: TelltaleLogger;
  readonly #at: number;
  readonly #trace: SpanContext | undefined;
  readonly #shape: Shape;
  readonly #values: readonly unknown[];
  readonly #level: unknown;
  readonly #levels: Levels;
  #record: LogRecord | undefined = undefined;

  constructor(
    records: TelltaleLogger,
    at: number,
    trace: SpanContext | undefined,
    { shape, values }: WrittenLine,
    level: unknown,
    levels: Levels,
  ) {
    this.#records = records;
    this.#at = at;
    this.#trace = trace;
    this.#shape = shape;
    this.#values = values;
    this.#level = level;
    this.#levels = levels;
  }

  finished(): LogRecord {
    return (this.#record ??= this.#make());
  }

  #make(): LogRecord {
    const { names, message: place, ids } = this.#shape;
    const values = this.#values;
    const record = this.#records.record(this.#at);
    setSeverity(record, this.#level, this.#levels);
    const shown = {
      trace_id: values[ids.traceId],
      span_id: values[ids.spanId],
      trace_flags: values[ids.flags],
    };
    setTrace(record, shown, this.#trace);
    const message = values[place];
    record.say(bodyOf(message));
    addFields(record, { names, values }, message, undefined, undefined);
    return record;
  }
}

function setSeverity(record: LogRecord, level: unknown, levels: Levels): void {
  const name = String(level);
  record.severityText = name;
  record.severityNumber = severityOf(name, levels);
}

/** The trace that the line shows: the one of its context, or another that the app put on it. */
function setTrace(record: LogRecord, shown: IdFields, trace: SpanContext | undefined): void {
  const { trace_id: traceId, span_id: spanId } = shown;
  const isSame =
    traceId === undefined ||
    (trace !== undefined && traceId === trace.traceId && spanId === trace.spanId);
  const found = isSame ? trace : (traceOn(shown) ?? trace);
  if (found !== undefined) record.spanContext = found;
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
