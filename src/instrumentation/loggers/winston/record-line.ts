import type { TelltaleLogger } from "../../../logs/logger.ts";
import type { Levels } from "../../../logs/severity.ts";
import { recordFromFields, ParsedLineRecord } from "../../../logs/parsed-line-record.ts";
import { isErrorInstance, readDataProperty } from "../../../logs/data-property.ts";
import {
  type WinstonInfo,
  LEVEL,
  type WinstonLine,
  FormattedInfo,
  SPLAT,
} from "./formatted-info.ts";
import { takeFormatted } from "./json-format.ts";
import { onTransportFormat, hasObservedFormat } from "./transports.ts";
import { idsInFastJson, DeferredRecord } from "./deferred-record.ts";

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
const forwardedLines = new WeakSet<object>();
let hasForwardedLines = false;

export function isAlreadyRecorded(info: object): boolean {
  return hasForwardedLines && forwardedLines.has(info);
}

/**
 * The error that a line is about: itself, its message or the first of its
 * arguments; undefined also for a line that can't be read.
 */
export function errorOf(info: WinstonInfo): object | undefined {
  try {
    if (isErrorInstance(info)) return info;
    const message = readDataProperty(info, "message");
    if (typeof message === "object" && isErrorInstance(message)) return message;
    const { [SPLAT]: splat } = info;
    const first: unknown = Array.isArray(splat) ? splat[0] : undefined;
    return typeof first === "object" && isErrorInstance(first) ? first : undefined;
  } catch {
    return undefined;
  }
}

/** The same of a copy of a line, which has no getters. */
export function errorOfCopy({ message, [SPLAT]: splat }: WinstonInfo): object | undefined {
  if (typeof message === "object" && isErrorInstance(message)) return message;
  const first: unknown = Array.isArray(splat) ? splat[0] : undefined;
  return typeof first === "object" && isErrorInstance(first) ? first : undefined;
}

/**
 * Makes the record of a formatted line, as whoever takes it shows it: levels of
 * transports and `silent` included. Where each of those transports has a format
 * of its own, the record is what the first of them made of the line. Never throws.
 */
export function recordFormattedLine(
  otelLogger: TelltaleLogger,
  logger: WinstonLogger,
  info: WinstonInfo,
  line: WinstonLine,
): void {
  try {
    if (line.isRecorded) return;
    switch (recipientsOf(logger, info)) {
      case FORMATTED_BY_TRANSPORT:
        onTransportFormat(info, (formatted) => {
          recordInfo(otelLogger, logger.levels, formatted, info, line);
        });
        return;
      case UNCHANGED:
        recordInfo(otelLogger, logger.levels, info, undefined, line);
        return;
      default:
    }
  } catch {
    // A line that can't be read; winston's own attempt will show.
  }
}

/**
 * @param info as it is shown.
 * @param previous what a transport's format made `info` of: if its text is the same,
 *   it is of the logger's format, and older than the fields.
 */
function recordInfo(
  otelLogger: TelltaleLogger,
  levels: Levels,
  info: WinstonInfo,
  previous: WinstonInfo | undefined,
  line: WinstonLine,
): void {
  const level = info[LEVEL];
  const fastJson = line.error === undefined ? takeFormatted(info) : undefined;
  if (fastJson !== undefined) {
    const ids = idsInFastJson(fastJson, line);
    otelLogger.write(
      new DeferredRecord(
        otelLogger,
        line.timestamp,
        line.spanContext,
        ids,
        fastJson,
        level,
        levels,
      ),
    );
    return;
  }
  const formattedInfo = new FormattedInfo(info, previous, line);
  const metadata = formattedInfo.metadata(levels);
  if (formattedInfo.text === undefined)
    otelLogger.write(recordFromFields(otelLogger, line.timestamp, info, metadata));
  else
    otelLogger.write(
      new ParsedLineRecord(
        otelLogger,
        line.timestamp,
        formattedInfo.text,
        metadata,
        formattedInfo.fieldValues(),
      ),
    );
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
const NO_RECIPIENT = 0;
const UNCHANGED = 1;
const FORMATTED_BY_TRANSPORT = 2;
type Recipients = typeof NO_RECIPIENT | typeof UNCHANGED | typeof FORMATTED_BY_TRANSPORT;

/** Without transports the logger's own level decides. */
function recipientsOf(logger: WinstonLogger, info: WinstonInfo): Recipients {
  const { pipes } = logger._readableState;
  const transports: readonly unknown[] = Array.isArray(pipes)
    ? pipes
    : isPipe(pipes)
      ? [pipes]
      : [];
  if (transports.length > 0) return recipientsAmong(transports, info);
  return passesLevel(logger.levels, logger.level, info) ? UNCHANGED : NO_RECIPIENT;
}

/** Another logger runs its own format and makes the record itself, unless it is made here. */
function recipientsAmong(pipes: readonly unknown[], info: WinstonInfo): Recipients {
  let recipients: Recipients = NO_RECIPIENT;
  let isForwarded = false;
  for (const pipe of pipes) {
    if (!isPipe(pipe)) continue;
    if (pipe[PATCHED] === true) isForwarded = true;
    else if (recipients !== UNCHANGED && accepts(pipe, info)) {
      recipients = hasObservedFormat(pipe) ? FORMATTED_BY_TRANSPORT : UNCHANGED;
    }
  }
  if (recipients !== NO_RECIPIENT && isForwarded) {
    hasForwardedLines = true;
    forwardedLines.add(info);
  }
  return recipients;
}

/** As `winston-transport` decides in `_write`, and the streams of `exceptionHandlers` in theirs. */
function accepts(pipe: Pipe, info: WinstonInfo): boolean {
  if (pipe.silent) return false;
  const { levels } = pipe;
  if (levels === undefined) {
    const onlyExceptions = pipe.handleExceptions === true || pipe.handleRejections === true;
    return !onlyExceptions || info.exception === true || info.rejection === true;
  }
  if (info.exception === true && !pipe.handleExceptions) return false;
  const level = pipe.level || pipe.parent?.level;
  return !level || passesLevel(levels, level, info);
}

function passesLevel(levels: Levels, level: string, info: WinstonInfo): boolean {
  const maxLevel = levels[level] ?? Number.NaN;
  return maxLevel >= (levels[String(info[LEVEL])] ?? Number.NaN);
}

function isPipe(value: unknown): value is Pipe {
  return typeof value === "object" && value !== null;
}
