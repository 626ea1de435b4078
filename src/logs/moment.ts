import type { HrTime } from "@opentelemetry/api";
import { hrTimeOf } from "../clock.ts";
import { codeAt } from "../text.ts";

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

/** A line's own time that is no further from its record's says the same. */
const SAME_MOMENT_MS = 1000;

/** False also where one is no time. */
export function isSameMoment(one: Moment, other: Moment): boolean {
  return Math.abs(epochMsOf(one) - epochMsOf(other)) <= SAME_MOMENT_MS;
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

const SECOND_MS = 1000;
/** The last millisecond of the year 9999, after which a date is longer. */
const LAST_MS = 253_402_300_799_999;
let second = -1;
let secondText = "";
let lastNow = -1;
let lastNowText = "";

/**
 * `new Date().toISOString()`, for which V8 asks the C library's `printf`. Under
 * load many lines are of the same millisecond, and nearly all of the same second.
 */
export function isoNow(): string {
  // Not `Date.now`, which tests of apps replace by itself.
  const ms = new Date().getTime();
  if (ms === lastNow) return lastNowText;
  if (!(ms >= 0 && ms <= LAST_MS)) return new Date(ms).toISOString();
  const wanted = Math.floor(ms / SECOND_MS);
  if (wanted !== second) {
    second = wanted;
    secondText = new Date(wanted * SECOND_MS).toISOString().slice(0, 20);
  }
  lastNow = ms;
  lastNowText = `${secondText}${String(ms - wanted * SECOND_MS).padStart(3, "0")}Z`;
  return lastNowText;
}

const MINUTE_MS = 60_000;
let minute = -1;
let minuteText = "";
/** Under load many lines have the same stamp. */
let lastStamp: string | undefined;
let lastMs = 0;

/**
 * The time of `2026-11-21T02:30:07.123Z`, if it lies in the same minute as
 * `epochMs`; undefined for all else. Most lines are stamped like this a moment
 * before they are recorded, and to make a `Date` of each took a microsecond.
 */
export function nearbyMs(stamp: string, epochMs: number): number | undefined {
  const wanted = Math.floor(epochMs / MINUTE_MS);
  if (wanted !== minute) {
    minute = wanted;
    minuteText = new Date(wanted * MINUTE_MS).toISOString().slice(0, 17);
    lastStamp = undefined;
  }
  if (stamp === lastStamp) return lastMs;
  if (stamp.length !== 24 || stamp[23] !== "Z" || stamp.slice(0, 17) !== minuteText)
    return undefined;
  const ms =
    digit(stamp, 17) * 10_000 +
    digit(stamp, 18) * 1000 +
    digit(stamp, 20) * 100 +
    digit(stamp, 21) * 10 +
    digit(stamp, 22);
  if (stamp[19] !== "." || !(ms < MINUTE_MS)) return undefined;
  lastStamp = stamp;
  lastMs = wanted * MINUTE_MS + ms;
  return lastMs;
}

/** NaN for what is none, which no comparison is true of. */
function digit(text: string, at: number): number {
  const value = codeAt(text, at) - 48;
  return value >= 0 && value <= 9 ? value : NaN;
}
