import type { LogContext } from "../../../logs/correlation.ts";
import type { BelowLevelLine } from "./below-level.ts";
import type { JsonLayout } from "./json-layout.ts";
import { MESSAGE, type PlainInfo } from "./winston-info.ts";

/** One call of a logger, with what was known at that time. */
export interface WinstonLine extends LogContext {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** The error that was logged, captured before a format could take it apart. */
  error: object | undefined;
  /** The error that becomes an event. */
  reported: object | undefined;
  /** The error that a child logger has turned into a plain object. */
  readonly childError: object | undefined;
  /** Set if the line is below the level of its logger, and buffered. */
  belowLevel: BelowLevelLine | undefined;
  /** Whether the app's formats see the ids on the line. */
  hasIds: boolean;
  /** Whether a logger that forwards its lines to this one has already written the record. */
  readonly isRecorded: boolean;
}

/** A line whose JSON was written by `json-writer.ts` or `telltale/logger`. */
export interface FastJsonLine {
  readonly info: PlainInfo;
  readonly text: string;
  readonly layout: JsonLayout;
  /** The values of the fields, in the order of `layout.names`. */
  readonly values: readonly unknown[];
  /** Fields that may repeat an attribute of the resource, by their names. */
  readonly resourceFields?: ReadonlyMap<string, string>;
}

/** A line whose JSON was written by logform's `json()`, with all of its fields. */
interface JsonResult {
  readonly info: unknown;
  readonly text: unknown;
  /** The values of the fields, if they were read before logform ran. */
  readonly values: readonly unknown[] | undefined;
}

/**
 * The state of the lines that are on their way through winston, shared by the
 * methods and formats that telltale patches. `adaptor.ts` describes the order in
 * which they run and which of them sets what.
 *
 * One object for the process instead of one per line: winston passes only the
 * `info` from step to step, and the app's formats may replace that. Compared with
 * variables of the modules, the object costs less than what can be measured (under
 * 1 % of a line's instructions, callgrind, Node 26).
 */
class LinesInFlight {
  /** What the innermost `write` received, until `_transform` takes it. */
  pendingWrite: unknown = undefined;
  /** The error that a child logger is about to write, until its parent takes it. */
  childError: object | undefined = undefined;
  /** The line whose format runs, until `push` takes it. */
  currentLine: WinstonLine | undefined = undefined;
  /** The last text that `json-writer.ts` wrote, until the record takes it. */
  lastFormatted: FastJsonLine | undefined = undefined;
  /** The last text that logform's `json()` wrote. */
  lastJsonResult: JsonResult | undefined = undefined;
  /** Lines in the buffer of a busy logger, by `info`: several if one object was written again. */
  readonly #bufferedLines = new WeakMap<object, WinstonLine[]>();
  /** Lines that were recorded and that another logger reads too. */
  readonly #forwardedLines = new WeakSet<object>();
  /** Most apps forward no lines, and then no line needs the look-up. */
  #hasForwardedLines = false;

  takeChildError(): object | undefined {
    const error = this.childError;
    this.childError = undefined;
    return error;
  }

  buffer(info: object, line: WinstonLine): void {
    const lines = this.#bufferedLines.get(info);
    if (lines === undefined) this.#bufferedLines.set(info, [line]);
    else lines.push(line);
  }

  takeBuffered(info: object): WinstonLine | undefined {
    const lines = this.#bufferedLines.get(info);
    const line = lines?.shift();
    if (lines?.length === 0) this.#bufferedLines.delete(info);
    return line;
  }

  /** Takes the line of an `info` if its text is still the one that was written here. */
  takeFormatted(info: object): FastJsonLine | undefined {
    const line = this.lastFormatted;
    if (line?.info !== info || line.info[MESSAGE] !== line.text) return undefined;
    this.lastFormatted = undefined;
    return line;
  }

  /** Returns what `json()` wrote for an `info`, if no later format has changed the text. */
  jsonResultOf(info: object, text: unknown): JsonResult | undefined {
    const result = this.lastJsonResult;
    return result?.info === info && result.text === text ? result : undefined;
  }

  markForwarded(info: object): void {
    this.#hasForwardedLines = true;
    this.#forwardedLines.add(info);
  }

  isForwarded(info: object): boolean {
    return this.#hasForwardedLines && this.#forwardedLines.has(info);
  }
}

export const linesInFlight: LinesInFlight = new LinesInFlight();
