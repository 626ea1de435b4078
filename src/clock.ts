import type { HrTime, TimeInput } from "@opentelemetry/api";

/**
 * One clock: `performance.now()`, read once per event. It never goes back, so
 * a duration is never negative; the wall clock is only its origin, looked at
 * again now and then, because a machine's clock is set now and then while a
 * service runs for months.
 */
const SKEW_MS = 25;
/** Not with each event: V8 has no fast way to the wall clock (0.15 us each time). */
const LOOK_AGAIN_MS = 10;
/** Not the global each time: Node has a getter there, which costs more than the clock. */
const clock = performance;
let origin = clock.timeOrigin;
let lookAgainAt = 0;

/** Milliseconds since the process started, with fractions. */
export function now(): number {
  return clock.now();
}

/** The wall-clock time of zero on our clock, in milliseconds since the epoch. */
export function wallOrigin(monotonic: number): number {
  if (monotonic < lookAgainAt) return origin;
  lookAgainAt = monotonic + LOOK_AGAIN_MS;
  const seen = Date.now() - monotonic;
  // `Date.now` has whole milliseconds: a difference below that is no news.
  if (Math.abs(seen - origin) > SKEW_MS) origin = seen;
  return origin;
}

/**
 * Milliseconds since the epoch, with fractions: `Date.now` has whole ones, by
 * which a log line may come to lie before the span it was written in.
 */
export function wallClock(): number {
  const monotonic = clock.now();
  return wallOrigin(monotonic) + monotonic;
}

/** Milliseconds since the epoch as the API's pair of seconds and nanoseconds. */
export function hrTimeOf(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1000);
  const nanos = Math.round((epochMs - seconds * 1000) * 1e6);
  return nanos >= 1e9 ? [seconds + 1, nanos - 1e9] : [seconds, nanos];
}

export function isTimeInput(value: unknown): value is TimeInput {
  return typeof value === "number" || value instanceof Date || isHrTime(value);
}

/**
 * A time of the API as milliseconds on our clock. Numbers below the clock's
 * present value are taken for `performance.now()`, as the SDK does, all others
 * for milliseconds since the epoch.
 */
export function monotonicOf(time: TimeInput, wall: number): number {
  if (typeof time === "number") return time <= clock.now() ? time : time - wall;
  if (time instanceof Date) return time.getTime() - wall;
  return time[0] * 1000 - wall + time[1] / 1e6;
}

function isHrTime(value: unknown): value is HrTime {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    typeof value[0] === "number" &&
    typeof value[1] === "number"
  );
}
