import { percentile, sortNumbers } from "../percentile.ts";

/*
 * Whether two samples differ by more than noise. A pair of requests always differs by
 * some milliseconds, and a list in which every route is slower or faster is of no use.
 *
 * Durations differ if their medians, or their 95th percentiles, do:
 *
 * - with fewer than 8 values on a side, only if no value of one side reaches those of
 *   the other, and the medians differ by half and by 5 ms;
 * - with 8 or more, if the medians differ by 10% and by 1 ms, and a Mann-Whitney U test
 *   finds that less probable than 1 in 100 by chance;
 * - with 40 or more, also if the 95th percentiles differ by 25% and by 5 ms, and the
 *   shares of values above the lower one differ by 2.58 standard errors.
 */

export type Direction = "slower" | "faster";

/** Standard errors that chance exceeds once in 100. */
const SIGNIFICANT = 2.576;

const MIN_FOR_TEST = 8;
const MIN_FOR_TAIL = 40;

interface Threshold {
  readonly ratio: number;
  readonly ms: number;
}

const SMALL: Threshold = { ratio: 0.5, ms: 5 };
const MEDIAN: Threshold = { ratio: 0.1, ms: 1 };
const TAIL: Threshold = { ratio: 0.25, ms: 5 };

/** Returns in which direction durations (ms) have moved; undefined if that may be noise. */
export function durationChange(
  before: readonly number[],
  after: readonly number[],
): Direction | undefined {
  const [old, now] = [sortNumbers(before), sortNumbers(after)];
  const size = Math.min(old.length, now.length);
  if (size === 0) return undefined;
  if (size < MIN_FOR_TEST) return smallChange(old, now);
  return medianChange(old, now) ?? (size < MIN_FOR_TAIL ? undefined : tailChange(old, now));
}

function smallChange(old: readonly number[], now: readonly number[]): Direction | undefined {
  const overlap = (old.at(-1) ?? 0) >= (now[0] ?? 0) && (now.at(-1) ?? 0) >= (old[0] ?? 0);
  return overlap ? undefined : beyond(SMALL, percentile(old, 0.5), percentile(now, 0.5));
}

function medianChange(old: readonly number[], now: readonly number[]): Direction | undefined {
  const direction = beyond(MEDIAN, percentile(old, 0.5), percentile(now, 0.5));
  return direction !== undefined && rankScore(old, now) > SIGNIFICANT ? direction : undefined;
}

function tailChange(old: readonly number[], now: readonly number[]): Direction | undefined {
  const direction = beyond(TAIL, percentile(old, 0.95), percentile(now, 0.95));
  if (direction === undefined) return undefined;
  const limit = Math.min(percentile(old, 0.95), percentile(now, 0.95));
  const slow = (values: readonly number[]): number => values.filter((ms) => ms > limit).length;
  return shareScore(slow(old), old.length, slow(now), now.length) > SIGNIFICANT
    ? direction
    : undefined;
}

/** Compares with the lower value, so that both directions have the same threshold. */
function beyond({ ratio, ms }: Threshold, before: number, after: number): Direction | undefined {
  const difference = Math.abs(after - before);
  if (difference < ms || difference < ratio * Math.min(before, after)) return undefined;
  return after > before ? "slower" : "faster";
}

/**
 * Returns the distance of the Mann-Whitney U statistic from its mean in standard
 * deviations, by the normal approximation with the correction for ties.
 *
 * @param old in ascending order, as `now`.
 */
function rankScore(old: readonly number[], now: readonly number[]): number {
  const total = old.length + now.length;
  const { rankSum, ties } = sumRanks(old, now);
  const u = rankSum - (old.length * (old.length + 1)) / 2;
  const mean = (old.length * now.length) / 2;
  const variance = (mean / 6) * (total + 1 - ties / (total * (total - 1)));
  return variance <= 0 ? 0 : Math.abs(u - mean) / Math.sqrt(variance);
}

/** Returns the sum of the ranks of `old` among all, and the sum of t³ - t over the groups of ties. */
function sumRanks(
  old: readonly number[],
  now: readonly number[],
): { readonly rankSum: number; readonly ties: number } {
  let [rankSum, ties, ranked, inOld, inNow] = [0, 0, 0, 0, 0];
  while (inOld < old.length || inNow < now.length) {
    const value = Math.min(old[inOld] ?? Infinity, now[inNow] ?? Infinity);
    const [oldStart, nowStart] = [inOld, inNow];
    while (old[inOld] === value) inOld++;
    while (now[inNow] === value) inNow++;
    const equal = inOld - oldStart + (inNow - nowStart);
    rankSum += (inOld - oldStart) * (ranked + (equal + 1) / 2);
    ties += equal ** 3 - equal;
    ranked += equal;
  }
  return { rankSum, ties };
}

/** Returns the distance of two shares in standard errors. */
function shareScore(few: number, ofFew: number, many: number, ofMany: number): number {
  const pooled = (few + many) / (ofFew + ofMany);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / ofFew + 1 / ofMany));
  return error === 0 ? 0 : Math.abs(few / ofFew - many / ofMany) / error;
}

/**
 * Whether two shares of failures differ by more than noise: by 2.58 standard errors, or,
 * in a few requests, from none to at least half or back.
 */
export function shareDiffers(before: number, of: number, after: number, ofAfter: number): boolean {
  if (of === 0 || ofAfter === 0) return false;
  const [low, high] = [before / of, after / ofAfter].toSorted((a, b) => a - b);
  if (low === 0 && (high ?? 0) >= 0.5) return true;
  return shareScore(before, of, after, ofAfter) > SIGNIFICANT;
}

/** Counts per unit of work differ if they differ by as much, and by a fifth. */
const MIN_COUNT_DIFFERENCE = 0.2;

/**
 * Returns in which direction counts per unit of work have moved; undefined if that may
 * be noise: if the means differ by less than 0.2, a fifth, or 2.58 standard errors.
 * Counts that are always equal differ in any number of units.
 */
export function countChange(
  before: readonly number[],
  after: readonly number[],
): "more" | "fewer" | undefined {
  const [old, now] = [spreadOf(before), spreadOf(after)];
  const difference = Math.abs(now.mean - old.mean);
  const least = Math.max(MIN_COUNT_DIFFERENCE, Math.min(old.mean, now.mean) * MIN_COUNT_DIFFERENCE);
  const error = Math.sqrt(old.variance / before.length + now.variance / after.length);
  if (!(difference >= least && difference > SIGNIFICANT * error)) return undefined;
  return now.mean > old.mean ? "more" : "fewer";
}

function spreadOf(values: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = meanOf(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: squares / Math.max(1, values.length - 1) };
}

/** Returns 0 without values. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
