import type { HrTime, TimeInput } from "@opentelemetry/api";

/**
 * One clock: `performance.now()`, read once per event. It never goes back, so
 * a duration is never negative; the wall clock is only its origin, looked at
 * again now and then, because a machine's clock is set now and then while a
 * service runs for months.
 */
const MAX_SKEW_MS = 25;
/** Not with each event: V8 has no fast way to the wall clock (0.15 us each time). */
const RECHECK_MS = 10;
/** Not the global each time: Node has a getter there, which costs more than the clock. */
const clock = performance;
let origin = clock.timeOrigin;
let recheckAt = 0;

/** Milliseconds since the process started, with fractions. */
export function now(): number {
  return clock.now();
}

/** The wall-clock time of zero on our clock, in milliseconds since the epoch. */
export function wallClockOriginAt(monotonic: number): number {
  if (monotonic < recheckAt) return origin;
  recheckAt = monotonic + RECHECK_MS;
  const measured = Date.now() - monotonic;
  // `Date.now` has whole milliseconds: a difference below that is no news.
  if (Math.abs(measured - origin) > MAX_SKEW_MS) origin = measured;
  return origin;
}

/**
 * Milliseconds since the epoch, with fractions: `Date.now` has whole ones, by
 * which a log line may come to lie before the span it was written in.
 */
export function wallClock(): number {
  const monotonic = clock.now();
  return wallClockOriginAt(monotonic) + monotonic;
}

/** Milliseconds since the epoch as the API's pair of seconds and nanoseconds. */
export function hrTimeOf(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1000);
  const nanos = Math.round((epochMs - seconds * 1000) * 1e6);
  return nanos >= 1e9 ? [seconds + 1, nanos - 1e9] : [seconds, nanos];
}

/** What the app gave as a time, or undefined where it is none. Never throws. */
export function timeInputOf(value: unknown): TimeInput | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  try {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value;
    return isHrTime(value) ? value : undefined;
  } catch {
    // A revoked proxy.
    return undefined;
  }
}

/**
 * A time of the API as milliseconds on our clock. Numbers below the clock's
 * present value are taken for `performance.now()`, as the SDK does, all others
 * for milliseconds since the epoch.
 */
export function monotonicOf(time: TimeInput, wallClockOrigin: number): number {
  if (typeof time === "number") return time <= clock.now() ? time : time - wallClockOrigin;
  if (time instanceof Date) return time.getTime() - wallClockOrigin;
  return time[0] * 1000 - wallClockOrigin + time[1] / 1e6;
}

/**
 * A pair of seconds and nanoseconds, to be kept as it is: milliseconds since 1970
 * have steps of a quarter of a microsecond. Undefined for other forms of time.
 */
export function exactTimeOf(time: TimeInput | undefined): HrTime | undefined {
  if (!Array.isArray(time)) return undefined;
  const [seconds, nanos] = time;
  const isCanonical = Number.isInteger(seconds) && Number.isInteger(nanos) && nanos >= 0;
  return isCanonical && nanos < 1e9 ? [seconds, nanos] : undefined;
}

/** The later one of two times. */
export function laterTime(a: HrTime, b: HrTime): HrTime {
  return a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]) ? a : b;
}

/** How much time passed from one to another, later one. */
export function timeBetween(from: HrTime, to: HrTime): HrTime {
  const nanos = to[1] - from[1];
  return nanos < 0 ? [to[0] - from[0] - 1, nanos + 1e9] : [to[0] - from[0], nanos];
}

function isHrTime(value: object): value is HrTime {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    Number.isFinite(value[0]) &&
    Number.isFinite(value[1])
  );
}
