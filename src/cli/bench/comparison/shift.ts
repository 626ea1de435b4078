import { percentile, sortNumbers } from "../../../viewer/percentile.ts";

/** How far one sample lies above another one. */
export interface Shift {
  readonly estimate: number;
  /** Limits of the interval that has the true shift; infinite in small samples. */
  readonly low: number;
  readonly high: number;
}

/**
 * Estimates by how much `after` lies above `before`: the median of all differences between
 * a value of each (Hodges and Lehmann), and the interval of the shifts that a rank test (Mann
 * and Whitney) does not reject. A few outliers change neither, and no distribution is assumed.
 * https://en.wikipedia.org/wiki/Hodges%E2%80%93Lehmann_estimator
 *
 * @param error how often the interval does not have the true shift: 0.01 is once in 100 cases.
 */
export function shiftBetween(
  before: readonly number[],
  after: readonly number[],
  error: number,
): Shift {
  const differences = sortNumbers(before.flatMap((old) => after.map((now) => now - old)));
  const pairs = differences.length;
  const deviation = Math.sqrt((pairs * (before.length + after.length + 1)) / 12);
  return shiftOf(differences, Math.floor(pairs / 2 - standardErrors(error) * deviation));
}

/**
 * Estimates by how much values lie above 0, of which each is a difference between neighbours:
 * the median of the means of all pairs (Hodges and Lehmann), and the interval of a rank test
 * (Wilcoxon). What both sides of a pair have in common, such as a slow minute, is in neither.
 *
 * @param error as of `shiftBetween`.
 */
export function shiftOfPairs(differences: readonly number[], error: number): Shift {
  const means = differences.flatMap((one, at) =>
    differences.slice(at).map((other) => (one + other) / 2),
  );
  return shiftOf(sortNumbers(means), skippedRankSums(differences.length, error));
}

/** @param skipped number of values at each end that are outside the interval, and one. */
function shiftOf(sorted: readonly number[], skipped: number): Shift {
  return {
    estimate: percentile(sorted, 0.5),
    low: skipped < 1 ? -Infinity : (sorted[skipped - 1] ?? -Infinity),
    high: skipped < 1 ? Infinity : (sorted[sorted.length - skipped] ?? Infinity),
  };
}

/**
 * Returns how many of the smallest sums of signed ranks are together less likely than half of
 * the error. Ranks have either sign equally often if there is no shift.
 */
function skippedRankSums(count: number, error: number): number {
  const sums = Math.floor((count * (count + 1)) / 4) + 1;
  const shares = new Float64Array(sums);
  shares[0] = 1;
  for (let rank = 1; rank <= count; rank++)
    for (let sum = sums - 1; sum >= 0; sum--)
      shares[sum] = ((shares[sum] ?? 0) + (sum < rank ? 0 : (shares[sum - rank] ?? 0))) / 2;
  let skipped = 0;
  let total = shares[0] ?? 1;
  while (total <= error / 2 && skipped < sums) {
    skipped++;
    total += shares[skipped] ?? 1;
  }
  return skipped;
}

/**
 * Returns the number of standard errors that chance exceeds with this probability, on both
 * sides (Abramowitz and Stegun 26.2.23): 2.576 for 0.01.
 */
function standardErrors(error: number): number {
  const t = Math.sqrt(-2 * Math.log(error / 2));
  const [above, below] = [
    2.515517 + t * (0.802853 + t * 0.010328),
    1 + t * (1.432788 + t * (0.189269 + t * 0.001308)),
  ];
  return t - above / below;
}
