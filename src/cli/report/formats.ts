import type { Quantile } from "./quantile.ts";

/*
 * Numbers for people. What is not known is "no data", and what is not quite all or nothing
 * is not rounded to it.
 */

export const NO_DATA = "no data";

const integers = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export function formatCount(value: number | undefined): string {
  return value === undefined ? NO_DATA : integers.format(Math.round(value));
}

/** Formats a share of 1 as a percentage, towards 0: 99.9996% is not 100%. */
export function formatShare(share: number | undefined): string {
  if (share === undefined) return NO_DATA;
  const thousandths = Math.trunc(tidy(share * 100_000));
  if (thousandths === 0 && tidy(share) > 0) return "<0.001%";
  return `${thousandths < 0 ? "−" : ""}${Math.abs(thousandths) / 1000}%`;
}

export function formatQuantile(quantile: Quantile | undefined): string {
  if (quantile === undefined) return NO_DATA;
  return `${quantile.isAbove ? "> " : ""}${formatSeconds(quantile.seconds)}`;
}

/** Formats a duration with three digits: `12.5 ms`, `1.25 s`. */
export function formatSeconds(seconds: number): string {
  return seconds < 1
    ? `${Number((seconds * 1000).toPrecision(3))} ms`
    : `${Number(seconds.toPrecision(3))} s`;
}

/** Formats a duration to the minute: `2 h 5 min`. */
export function formatMinutes(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  const hours = Math.trunc(minutes / 60);
  if (hours === 0) return `${minutes} min`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

/** Formats how a figure has changed in relation to the period before. */
export function formatChange(now: number | undefined, before: number | undefined): string {
  if (now === undefined || before === undefined) return NO_DATA;
  if (before === 0) return now === 0 ? "±0%" : "new";
  const percent = Math.round(((now - before) / before) * 100);
  return percent === 0 ? "±0%" : `${percent > 0 ? "+" : "−"}${integers.format(Math.abs(percent))}%`;
}

/** Formats how a share has changed, in percentage points. */
export function formatPoints(now: number | undefined, before: number | undefined): string {
  if (now === undefined || before === undefined) return NO_DATA;
  const points = Number(((now - before) * 100).toFixed(3));
  return points === 0 ? "±0 pp" : `${points > 0 ? "+" : "−"}${Math.abs(points)} pp`;
}

/** Removes the noise of binary fractions. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
