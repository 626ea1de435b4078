import type { HrTime } from "@opentelemetry/api";
import { hrTimeOf } from "../clock.ts";

/** A point in time: milliseconds since the epoch, or the API's seconds and nanoseconds, which are finer. */
export type Moment = number | HrTime;

/** OTLP has 64 bits of nanoseconds, unsigned: they end in the year 2554. */
const MAX_EPOCH_MS = 1.8446744e13;

/**
 * A time of the API, or undefined where it is none. A number below half of the
 * process's own start is one of `performance.now()`, as the SDK has it.
 */
export function momentOf(time: unknown): Moment | undefined {
  const moment = readTime(time);
  if (moment === undefined) return undefined;
  const ms = epochMsOf(moment);
  return ms >= 0 && ms <= MAX_EPOCH_MS ? moment : undefined;
}

/** The API's pair, which says more, stays as it is. */
export function pairOf(moment: Moment): HrTime {
  return typeof moment === "number" ? hrTimeOf(moment) : moment;
}

export function epochMsOf(moment: Moment): number {
  return typeof moment === "number" ? moment : moment[0] * 1000 + moment[1] / 1e6;
}

function readTime(time: unknown): Moment | undefined {
  if (typeof time === "number") {
    return time < performance.timeOrigin / 2 ? performance.timeOrigin + time : time;
  }
  if (time instanceof Date) return time.getTime();
  if (!Array.isArray(time) || time.length !== 2) return undefined;
  const [seconds, nanos] = time as unknown[];
  if (!isWhole(seconds) || !isWhole(nanos) || nanos >= 1e9) return undefined;
  return [seconds, nanos];
}

function isWhole(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}
