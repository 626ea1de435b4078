import { percentile, sortNumbers } from "../../viewer/percentile.ts";

/** How far one sample lies above another one. */
export interface Shift {
  readonly estimate: number;
  /** Limits of the interval that has the true shift in 99 of 100 cases; infinite in small samples. */
  readonly low: number;
  readonly high: number;
}

/** Standard errors that chance exceeds once in 100. */
const Z_99 = 2.576;

/**
 * Estimates by how much `after` lies above `before`: the median of all differences between
 * a value of each (Hodges and Lehmann), and the interval of the shifts that a rank test (Mann
 * and Whitney) does not reject. A few outliers change neither, and no distribution is assumed.
 * https://en.wikipedia.org/wiki/Hodges%E2%80%93Lehmann_estimator
 */
export function shiftBetween(before: readonly number[], after: readonly number[]): Shift {
  const differences = sortNumbers(before.flatMap((old) => after.map((now) => now - old)));
  const pairs = differences.length;
  const spread = Z_99 * Math.sqrt((pairs * (before.length + after.length + 1)) / 12);
  const skipped = Math.floor(pairs / 2 - spread);
  return {
    estimate: percentile(differences, 0.5),
    low: skipped < 1 ? -Infinity : (differences[skipped - 1] ?? -Infinity),
    high: skipped < 1 ? Infinity : (differences[pairs - skipped] ?? Infinity),
  };
}
