export type ReportKind = "daily" | "weekly";

export interface Period {
  readonly start: Date;
  readonly end: Date;
}

/** The period of a report, and the one before, with which it is compared. */
export interface ReportPeriods {
  readonly period: Period;
  readonly before: Period;
  readonly timeZone: string;
}

const DAYS: Readonly<Record<ReportKind, number>> = { daily: 1, weekly: 7 };

/**
 * Returns the periods of a report: calendar days of the time zone, also where a day has 23
 * or 25 hours.
 *
 * @param end undefined: the last midnight.
 */
export function periodsOf(
  kind: ReportKind,
  { end, now, timeZone }: { readonly end: Date | undefined; now: Date; timeZone: string },
): ReportPeriods {
  const last = end ?? midnightBefore(now, timeZone);
  const start = daysBefore(last, DAYS[kind], timeZone);
  const before = { start: daysBefore(last, 2 * DAYS[kind], timeZone), end: start };
  return { period: { start, end: last }, before, timeZone };
}

export function secondsOf({ start, end }: Period): number {
  return (end.getTime() - start.getTime()) / 1000;
}

/** Formats a time to the minute: `2026-11-30 07:00`. */
export function formatTime(time: Date, timeZone: string): string {
  const { year, month, day, hour, minute } = wallClock(time, timeZone);
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}`;
}

interface WallClock {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

function midnightBefore(time: Date, timeZone: string): Date {
  const { year, month, day } = wallClock(time, timeZone);
  return timeAt({ year, month, day, hour: 0, minute: 0, second: 0 }, timeZone);
}

function daysBefore(time: Date, days: number, timeZone: string): Date {
  const clock = wallClock(time, timeZone);
  return timeAt({ ...clock, day: clock.day - days }, timeZone);
}

/** Returns the time at which clocks of the zone show this; a day may be zero or negative. */
function timeAt(clock: WallClock, timeZone: string): Date {
  const { year, month, day, hour, minute, second } = clock;
  const wanted = Date.UTC(year, month - 1, day, hour, minute, second);
  const guess = wanted - offsetMs(new Date(wanted), timeZone);
  // The offset at the guess differs from the first one if it changes in between.
  return new Date(wanted - offsetMs(new Date(guess), timeZone));
}

function offsetMs(time: Date, timeZone: string): number {
  const { year, month, day, hour, minute, second } = wallClock(time, timeZone);
  const ms = time.getTime();
  return Date.UTC(year, month - 1, day, hour, minute, second) - (ms - (ms % 1000));
}

function wallClock(time: Date, timeZone: string): WallClock {
  const parts = new Intl.DateTimeFormat("en-US", {
    ...{ timeZone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric" },
    ...{ hour: "numeric", minute: "numeric", second: "numeric" },
  }).formatToParts(time);
  const part = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((one) => one.type === type)?.value);
  return {
    ...{ year: part("year"), month: part("month"), day: part("day") },
    ...{ hour: part("hour"), minute: part("minute"), second: part("second") },
  };
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
