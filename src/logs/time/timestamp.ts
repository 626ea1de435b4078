import type { HrTime } from "@opentelemetry/api";
import { hrTimeOf } from "../../clock.ts";

/** A point in time: milliseconds since the epoch, or the API's finer pair of seconds and nanoseconds. */
export type Timestamp = number | HrTime;

/** The latest time that OTLP can hold: 64 unsigned bits of nanoseconds, until the year 2554. */
const MAX_EPOCH_MS = 1.8446744e13;

/**
 * Reads a time of the API; undefined if it is invalid. A number below half of the
 * process's start time counts as one of `performance.now()`, as in the SDK.
 */
export function parseTimestamp(time: unknown): Timestamp | undefined {
  const timestamp = readTime(time);
  if (timestamp === undefined) return undefined;
  const ms = epochMsOf(timestamp);
  return ms >= 0 && ms <= MAX_EPOCH_MS ? timestamp : undefined;
}

function readTime(time: unknown): Timestamp | undefined {
  if (typeof time === "number") {
    return time < performance.timeOrigin / 2 ? performance.timeOrigin + time : time;
  }
  if (time instanceof Date) return time.getTime();
  if (!Array.isArray(time) || time.length !== 2) return undefined;
  const [seconds, nanos] = time as unknown[];
  if (!isNonNegativeInteger(seconds) || !isNonNegativeInteger(nanos) || nanos >= 1e9)
    return undefined;
  return [seconds, nanos];
}

function isNonNegativeInteger(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

/** Returns the API's pair. One that was given stays as it is, since it is finer than milliseconds. */
export function toHrTime(timestamp: Timestamp): HrTime {
  return typeof timestamp === "number" ? hrTimeOf(timestamp) : timestamp;
}

/** Returns milliseconds since the epoch, with fractions. */
export function epochMsOf(timestamp: Timestamp): number {
  return typeof timestamp === "number" ? timestamp : timestamp[0] * 1000 + timestamp[1] / 1e6;
}

/** How far a line's own time may be from its record's and still count as the same. */
const TIME_TOLERANCE_MS = 1000;

/** Whether two times are the same within the tolerance. False if one is NaN. */
export function isSameTime(one: Timestamp, other: Timestamp): boolean {
  return Math.abs(epochMsOf(one) - epochMsOf(other)) <= TIME_TOLERANCE_MS;
}
