import type { TelltaleLogger } from "./logger.ts";
import type { Levels } from "./severity.ts";
import { recordOfFields, ShownLine } from "./shown-line.ts";
import { isError, readData } from "./data.ts";
import { type Info, LEVEL, type Line, ShownInfo, SPLAT } from "./winston-info.ts";
import { takeWritten } from "./winston-line.ts";
import { awaitFormat, hasWatchedFormat } from "./winston-transport.ts";
import { idsInWritten, WrittenRecord } from "./winston-written.ts";

/** Of a winston logger, what decides who gets a line. */
export interface WinstonLogger {
  readonly silent?: unknown;
  readonly level: string;
  readonly levels: Levels;
  readonly _readableState: { readonly pipes: unknown };
}

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
    const message = readData(info, "message");
    if (typeof message === "object" && isError(message)) return message;
    const { [SPLAT]: splat } = info;
    const first: unknown = Array.isArray(splat) ? splat[0] : undefined;
    return typeof first === "object" && isError(first) ? first : undefined;
  } catch {
    return undefined;
  }
}

/** The same of a copy of a line, which has no getters. */
export function errorOfCopy({ message, [SPLAT]: splat }: Info): object | undefined {
  if (typeof message === "object" && isError(message)) return message;
  const first: unknown = Array.isArray(splat) ? splat[0] : undefined;
  return typeof first === "object" && isError(first) ? first : undefined;
}

/**
 * Makes the record of a formatted line, as whoever takes it shows it: levels of
 * transports and `silent` included. Where each of those transports has a format
 * of its own, the record is what the first of them made of the line. Never throws.
 */
export function recordLine(
  records: TelltaleLogger,
  logger: WinstonLogger,
  info: Info,
  line: Line,
): void {
  try {
    if (line.recorded) return;
    switch (audienceOf(logger, info)) {
      case FORMATTING:
        awaitFormat(info, (made) => {
          recordShown(records, logger.levels, made, info, line);
        });
        return;
      case TAKING:
        recordShown(records, logger.levels, info, undefined, line);
        return;
      default:
    }
  } catch {
    // A line that can't be read; winston's own attempt will show.
  }
}

/**
 * @param info as it is shown.
 * @param before what a transport's format made `info` of: if its text is the same,
 *   it is of the logger's format, and older than the fields.
 */
function recordShown(
  records: TelltaleLogger,
  levels: Levels,
  info: Info,
  before: Info | undefined,
  line: Line,
): void {
  const level = info[LEVEL];
  const written = line.error === undefined ? takeWritten(info) : undefined;
  if (written !== undefined) {
    const ids = idsInWritten(written, line);
    records.write(new WrittenRecord(records, line.at, line.trace, ids, written, level, levels));
    return;
  }
  const shown = new ShownInfo(info, before, line);
  const facts = shown.facts(levels);
  if (shown.text === undefined) records.write(recordOfFields(records, line.at, info, facts));
  else records.write(new ShownLine(records, line.at, shown.text, facts, shown.given()));
}

/** Whoever reads from a logger: a transport, another logger, any stream. */
interface Pipe {
  readonly [PATCHED]?: true;
  readonly format?: unknown;
  readonly _write?: unknown;
  readonly silent?: unknown;
  readonly level?: string;
  readonly levels?: Levels;
  readonly parent?: { readonly level?: string } | null;
  readonly handleExceptions?: unknown;
  readonly handleRejections?: unknown;
}

/** Who gets a line: nobody; somebody, as it is; only transports with a format of their own. */
const NOBODY = 0;
const TAKING = 1;
const FORMATTING = 2;
type Audience = typeof NOBODY | typeof TAKING | typeof FORMATTING;

/** Without transports the logger's own level decides. */
function audienceOf(logger: WinstonLogger, info: Info): Audience {
  const { pipes } = logger._readableState;
  const all: readonly unknown[] = Array.isArray(pipes) ? pipes : isPipe(pipes) ? [pipes] : [];
  if (all.length > 0) return audienceAmong(all, info);
  return passes(logger.levels, logger.level, info) ? TAKING : NOBODY;
}

/** Another logger runs its own format and makes the record itself, unless it is made here. */
function audienceAmong(pipes: readonly unknown[], info: Info): Audience {
  let audience: Audience = NOBODY;
  let goesOn = false;
  for (const pipe of pipes) {
    if (!isPipe(pipe)) continue;
    if (pipe[PATCHED] === true) goesOn = true;
    else if (audience !== TAKING && takes(pipe, info)) {
      audience = hasWatchedFormat(pipe) ? FORMATTING : TAKING;
    }
  }
  if (audience !== NOBODY && goesOn) {
    somePassedOn = true;
    passedOn.add(info);
  }
  return audience;
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
