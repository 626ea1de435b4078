import type { Levels } from "../../../logs/severity.ts";
import type { BelowLevelLine } from "./below-level.ts";
import { linesInFlight } from "./lines-in-flight.ts";
import { pipesOf } from "./pipes.ts";
import { hasObservedFormat } from "./transports.ts";
import { LEVEL, type WinstonInfo, type WinstonLogger } from "./winston-info.ts";

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
  const transports = pipesOf(logger);
  if (transports.length > 0) return recipientsAmong(transports, info);
  return passesLevel(logger.levels, logger.level, info) ? UNCHANGED : NO_RECIPIENT;
}

/** Finds out who buffers a line below the level of its logger. */
export function bufferingRecipientsOf(logger: WinstonLogger, line: BelowLevelLine): Recipients {
  const pipes = pipesOf(logger);
  const recipients = pipes.filter((pipe) => line.isFor(pipe));
  if (recipients.length === 0) return pipes.length === 0 ? UNCHANGED : NO_RECIPIENT;
  return recipients.every((pipe) => hasObservedFormat(pipe)) ? FORMATTED_BY_TRANSPORT : UNCHANGED;
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
