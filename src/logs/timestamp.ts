import type { HrTime } from "@opentelemetry/api";
import { hrTimeOf } from "../clock.ts";
import { codeAt } from "../text.ts";

/** A point in time: milliseconds since the epoch, or the API's seconds and nanoseconds, which are finer. */
export type Timestamp = number | HrTime;

/** OTLP has 64 bits of nanoseconds, unsigned: they end in the year 2554. */
const MAX_EPOCH_MS = 1.8446744e13;

/**
 * A time of the API, or undefined where it is none. A number below half of the
 * process's own start is one of `performance.now()`, as the SDK has it.
 */
export function parseTimestamp(time: unknown): Timestamp | undefined {
  const timestamp = readTime(time);
  if (timestamp === undefined) return undefined;
  const ms = epochMsOf(timestamp);
  return ms >= 0 && ms <= MAX_EPOCH_MS ? timestamp : undefined;
}

/** The API's pair, which says more, stays as it is. */
export function toHrTime(timestamp: Timestamp): HrTime {
  return typeof timestamp === "number" ? hrTimeOf(timestamp) : timestamp;
}

export function epochMsOf(timestamp: Timestamp): number {
  return typeof timestamp === "number" ? timestamp : timestamp[0] * 1000 + timestamp[1] / 1e6;
}

/** A line's own time that is no further from its record's says the same. */
const TIME_TOLERANCE_MS = 1000;

/** False also where one is no time. */
export function isSameTime(one: Timestamp, other: Timestamp): boolean {
  return Math.abs(epochMsOf(one) - epochMsOf(other)) <= TIME_TOLERANCE_MS;
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

const SECOND_MS = 1000;
/** The last millisecond of the year 9999, after which a date is longer. */
const MAX_ISO_MS = 253_402_300_799_999;
let second = -1;
let secondText = "";
let lastNowMs = -1;
let lastNowText = "";

/**
 * `new Date().toISOString()`, for which V8 asks the C library's `printf`. Under
 * load many lines are of the same millisecond, and nearly all of the same second.
 */
export function isoNow(): string {
  // Not `Date.now`, which tests of apps replace by itself.
  const ms = new Date().getTime();
  if (ms === lastNowMs) return lastNowText;
  if (!(ms >= 0 && ms <= MAX_ISO_MS)) return new Date(ms).toISOString();
  const current = Math.floor(ms / SECOND_MS);
  if (current !== second) {
    second = current;
    secondText = new Date(current * SECOND_MS).toISOString().slice(0, 20);
  }
  lastNowMs = ms;
  lastNowText = `${secondText}${String(ms - current * SECOND_MS).padStart(3, "0")}Z`;
  return lastNowText;
}

const MINUTE_MS = 60_000;
let minute = -1;
let minuteText = "";
/** Under load many lines have the same stamp. */
let lastTimestampText: string | undefined;
let lastTimestampMs = 0;

/**
 * The time of `2026-11-21T02:30:07.123Z`, if it lies in the same minute as
 * `epochMs`; undefined for all else. Most lines are stamped like this a moment
 * before they are recorded, and to make a `Date` of each took a microsecond.
 */
export function parseNearbyMs(timestampText: string, epochMs: number): number | undefined {
  const current = Math.floor(epochMs / MINUTE_MS);
  if (current !== minute) {
    minute = current;
    minuteText = new Date(current * MINUTE_MS).toISOString().slice(0, 17);
    lastTimestampText = undefined;
  }
  if (timestampText === lastTimestampText) return lastTimestampMs;
  if (
    timestampText.length !== 24 ||
    timestampText[23] !== "Z" ||
    timestampText.slice(0, 17) !== minuteText
  )
    return undefined;
  const ms =
    digit(timestampText, 17) * 10_000 +
    digit(timestampText, 18) * 1000 +
    digit(timestampText, 20) * 100 +
    digit(timestampText, 21) * 10 +
    digit(timestampText, 22);
  if (timestampText[19] !== "." || !(ms < MINUTE_MS)) return undefined;
  lastTimestampText = timestampText;
  lastTimestampMs = current * MINUTE_MS + ms;
  return lastTimestampMs;
}

/** NaN for what is none, which no comparison is true of. */
function digit(text: string, at: number): number {
  const value = codeAt(text, at) - 48;
  return value >= 0 && value <= 9 ? value : NaN;
}
