import type { Cell } from "../fault.ts";
import type { Signal } from "../peers.ts";

/* The results that many cells share. */

/** Sent at the first attempt. */
export const sent: Cell = { result: "sent", attempts: "one" };

/** Sent, if the attempts can't be observed. */
export const delivered: Cell = { result: "sent" };

/** Sent at a later attempt. */
export const sentLater: Cell = { result: "sent", attempts: "several" };

/** Tried again until the time limit of the export, then dropped. */
export function retried(line: RegExp): Cell {
  return { result: "dropped", reason: "failed", attempts: "several", line };
}

/** Dropped after the first attempt. */
export function notRetried(line: RegExp): Cell {
  return { result: "dropped", reason: "failed", attempts: "one", line };
}

/** An event that is tried three times. */
export function triedThreeTimes(line: RegExp, reason: "failed" | "rejected" = "failed"): Cell {
  return { result: "dropped", reason, attempts: "several", line };
}

/** An event that Sentry rejects. */
export function rejected(status: number): Cell {
  const line = new RegExp(`^Sentry at \\S+ answers ${status}`);
  return { result: "dropped", reason: "rejected", attempts: "one", line };
}

export function unreachable(code: string): RegExp {
  return new RegExp(`^Sentry at \\S+ can't be reached \\(${code}\\)`);
}

/** The same result for traces, metrics and logs. */
export function otlp(cell: Cell, errors: Cell): Readonly<Record<Signal, Cell>> {
  return { traces: cell, metrics: cell, logs: cell, errors };
}

/** The line of a failed export over OTLP. */
export function cannotSend(reason: string): RegExp {
  return new RegExp(`^cannot send (spans|log records|data points) to \\S+: ${reason}`);
}
