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

/**
 * A time of the API in milliseconds since the epoch, or undefined where it is
 * none. A number below half of the process's own start is one of
 * `performance.now()`, as the SDK has it.
 */
export function epochMsOf(time: unknown): number | undefined {
  const ms = millisOf(time);
  return ms !== undefined && ms >= 0 && ms <= MAX_EPOCH_MS ? ms : undefined;
}

/** OTLP has 64 bits of nanoseconds, unsigned: they end in the year 2554. */
const MAX_EPOCH_MS = 1.8446744e13;

function millisOf(time: unknown): number | undefined {
  if (typeof time === "number") {
    return time < performance.timeOrigin / 2 ? performance.timeOrigin + time : time;
  }
  if (time instanceof Date) return time.getTime();
  if (!Array.isArray(time) || time.length !== 2) return undefined;
  const [seconds, nanos] = time as unknown[];
  if (typeof seconds !== "number" || typeof nanos !== "number") return undefined;
  return seconds * 1000 + nanos / 1e6;
}

export function hrTimeOf(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1000);
  const nanos = Math.round((epochMs - seconds * 1000) * 1e6);
  return nanos >= 1e9 ? [seconds + 1, nanos - 1e9] : [seconds, nanos];
}
