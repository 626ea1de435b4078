/**
 * Returns a percentile by linear interpolation between the two values around it, as
 * NumPy and Excel do; 0 without values.
 *
 * @param sorted in ascending order.
 * @param share from 0 to 1: 0.5 is the median.
 */
export function percentile(sorted: readonly number[], share: number): number {
  const rank = (sorted.length - 1) * share;
  const below = sorted[Math.floor(rank)] ?? 0;
  const above = sorted[Math.ceil(rank)] ?? below;
  return below + (above - below) * (rank - Math.floor(rank));
}

/** Returns a copy in ascending order. */
export function sortNumbers(values: Iterable<number>): number[] {
  return [...values].toSorted((a, b) => a - b);
}
