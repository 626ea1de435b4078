import type { HrTime, TimeInput } from "@opentelemetry/api";

/*
 * One clock: `performance.now()`, read once per event. It never goes back, so a
 * duration is never negative. The wall clock is only its origin, re-read every
 * 10 ms, because the clock of a machine may be set while a service runs for months.
 *
 * `origin` and `recheckAt` are module variables: each span and line reads them, and
 * there is one clock per process.
 */

/** Differences below this are not corrected, in milliseconds. */
const MAX_SKEW_MS = 25;
/** Interval of reading the wall clock, which V8 can't do fast (0.15 us each time). */
const RECHECK_MS = 10;
/** Cached, because the global is a getter of Node, which costs more than the clock. */
const clock = performance;
let origin = clock.timeOrigin;
let recheckAt = 0;

/** Returns the monotonic time: milliseconds since the process started, with fractions. */
export function now(): number {
  return clock.now();
}

/** Returns the wall-clock time of zero of the monotonic clock, in milliseconds since the epoch. */
export function wallClockOriginAt(monotonic: number): number {
  if (monotonic < recheckAt) return origin;
  recheckAt = monotonic + RECHECK_MS;
  const measured = Date.now() - monotonic;
  // `Date.now` has whole milliseconds, so small differences mean nothing.
  if (Math.abs(measured - origin) > MAX_SKEW_MS) origin = measured;
  return origin;
}

/**
 * Returns milliseconds since the epoch, with fractions. `Date.now` has whole ones, so
 * that a log line could be earlier than the span it was written in.
 */
export function wallClock(): number {
  const monotonic = clock.now();
  return wallClockOriginAt(monotonic) + monotonic;
}

/** Converts milliseconds since the epoch to the API's pair of seconds and nanoseconds. */
export function hrTimeOf(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1000);
  const nanos = Math.round((epochMs - seconds * 1000) * 1e6);
  return nanos >= 1e9 ? [seconds + 1, nanos - 1e9] : [seconds, nanos];
}

/** Returns the time that an app has passed, or undefined where it is none. Never throws. */
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
 * Converts a time of the API to monotonic milliseconds. Numbers up to the present
 * value of the monotonic clock are taken as `performance.now()`, as in the SDK, all
 * others as milliseconds since the epoch.
 */
export function monotonicOf(time: TimeInput, wallClockOrigin: number): number {
  if (typeof time === "number") return time <= clock.now() ? time : time - wallClockOrigin;
  if (time instanceof Date) return time.getTime() - wallClockOrigin;
  return time[0] * 1000 - wallClockOrigin + time[1] / 1e6;
}

/**
 * Returns a pair of seconds and nanoseconds unchanged: as milliseconds since 1970 it
 * would be rounded to a quarter of a microsecond. Undefined for other forms of time.
 */
export function exactTimeOf(time: TimeInput | undefined): HrTime | undefined {
  if (!Array.isArray(time)) return undefined;
  const [seconds, nanos] = time;
  const isCanonical = Number.isInteger(seconds) && Number.isInteger(nanos) && nanos >= 0;
  return isCanonical && nanos < 1e9 ? [seconds, nanos] : undefined;
}

/** Returns the later one of two times. */
export function laterTime(a: HrTime, b: HrTime): HrTime {
  return a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]) ? a : b;
}

/** Returns the time from one to another, later one. */
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
