import type { HrTime } from "@opentelemetry/api";

/** A wall clock that was set differs from ours by more than this. */
const SKEW_MS = 25;
let origin = performance.timeOrigin;

/**
 * Milliseconds since the epoch, with fractions: `Date.now` has whole ones, by
 * which a line may come to lie before the span it was written in. The same rule
 * as for spans: the monotonic clock, its origin looked at again, because a
 * machine's clock is set now and then.
 */
export function wallClock(): number {
  const monotonic = performance.now();
  const seen = Date.now() - monotonic;
  if (Math.abs(seen - origin) > SKEW_MS) origin = seen;
  return origin + monotonic;
}

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

export function epochMsOf(moment: Moment): number {
  return typeof moment === "number" ? moment : moment[0] * 1000 + moment[1] / 1e6;
}

export function hrTimeOf(moment: Moment): HrTime {
  if (typeof moment !== "number") return moment;
  const seconds = Math.floor(moment / 1000);
  const nanos = Math.round((moment - seconds * 1000) * 1e6);
  return nanos >= 1e9 ? [seconds + 1, nanos - 1e9] : [seconds, nanos];
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
