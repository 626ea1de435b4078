import type { Levels } from "../../../logs/severity.ts";
import { linesInFlight } from "./lines-in-flight.ts";
import { hasObservedFormat } from "./transports.ts";
import { LEVEL, type WinstonInfo } from "./winston-info.ts";

/** The properties of a winston logger that decide who receives a line. */
export interface WinstonLogger {
  readonly silent?: unknown;
  readonly level: string;
  readonly levels: Levels;
  readonly _readableState: { readonly pipes: unknown };
}

/** A mark on the prototype of patched loggers, the same for each copy of telltale. */
export const PATCHED: unique symbol = Symbol.for("telltale.winston");

/** A stream that reads from a logger: a transport, another logger, any other. */
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

/** No transport accepts the line. */
const NO_RECIPIENT = 0;
/** At least one transport shows the line as the logger's format returned it. */
export const UNCHANGED = 1;
/** Each transport that accepts the line has its own format. */
export const FORMATTED_BY_TRANSPORT = 2;
type Recipients = typeof NO_RECIPIENT | typeof UNCHANGED | typeof FORMATTED_BY_TRANSPORT;

/** Finds out who receives a line. A logger without transports decides by its own level. */
export function recipientsOf(logger: WinstonLogger, info: WinstonInfo): Recipients {
  const { pipes } = logger._readableState;
  const transports: readonly unknown[] = Array.isArray(pipes)
    ? pipes
    : isPipe(pipes)
      ? [pipes]
      : [];
  if (transports.length > 0) return recipientsAmong(transports, info);
  return passesLevel(logger.levels, logger.level, info) ? UNCHANGED : NO_RECIPIENT;
}

/**
 * Finds out which of the pipes receive a line. Another logger among them runs its
 * own format and writes the record itself, unless it is written here.
 */
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
  if (recipients !== NO_RECIPIENT && isForwarded) linesInFlight.markForwarded(info);
  return recipients;
}

/**
 * Decides like the `_write` of `winston-transport`, and like that of the streams of
 * `exceptionHandlers`.
 */
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
