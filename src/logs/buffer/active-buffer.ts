import type { LineBufferSlot } from "../../context/unit-views.ts";
import type { UnitLines } from "./unit-lines.ts";

/** The buffer of lines below the level of their loggers, as loggers use it. */
export interface LineBuffer {
  /** The severity of the level from which lines are buffered. */
  readonly minSeverity: number;
  /**
   * Returns the buffer for a line below the level of its logger. Undefined: the line is
   * not written.
   *
   * @param slot of the unit of work in which the line is logged.
   */
  linesOf(severity: number, slot: LineBufferSlot | undefined): UnitLines | undefined;
  /** Whether a line of the active unit of work, below the level of its logger, is buffered. */
  wants(severity: number): boolean;
}

/**
 * The buffer of the process, since the loggers of an app have nothing in common but this;
 * undefined without `TELLTALE_LOG_BUFFER`.
 */
export const activeBuffer: { current: LineBuffer | undefined } = { current: undefined };
