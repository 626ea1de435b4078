/** A quantile of durations, in seconds. */
export interface Quantile {
  readonly seconds: number;
  /** Whether it is above the last boundary of the buckets, which `seconds` is then. */
  readonly isAbove: boolean;
}

/** The number of values up to a limit. */
export interface Bucket {
  /** Infinity for the last one. */
  readonly limit: number;
  readonly count: number;
}

/**
 * Returns a quantile as `histogram_quantile` of Prometheus does: by linear interpolation
 * within a bucket.
 *
 * @param buckets cumulative, in any order; those of the same limit are added up.
 * @returns undefined without values, or without buckets.
 */
export function quantileOf(q: number, buckets: readonly Bucket[]): Quantile | undefined {
  const sorted = mergeBuckets(buckets);
  const total = sorted.at(-1)?.count ?? 0;
  if (sorted.length < 2 || sorted.at(-1)?.limit !== Infinity || total <= 0) return undefined;
  const rank = q * total;
  const at = sorted.findIndex(({ count }) => count >= rank);
  const found = sorted[at];
  const previous = sorted[at - 1] ?? { limit: 0, count: 0 };
  if (found === undefined) return undefined;
  if (found.limit === Infinity) return { seconds: previous.limit, isAbove: true };
  const share = (rank - previous.count) / (found.count - previous.count || 1);
  const seconds = previous.limit + (found.limit - previous.limit) * share;
  return { seconds, isAbove: false };
}

/** Counts of increases are estimates, and may be just below that of the bucket before. */
function mergeBuckets(buckets: readonly Bucket[]): Bucket[] {
  const counts = new Map<number, number>();
  for (const { limit, count } of buckets) counts.set(limit, (counts.get(limit) ?? 0) + count);
  let highest = 0;
  return [...counts]
    .toSorted(([a], [b]) => a - b)
    .map(([limit, count]) => {
      highest = Math.max(highest, count);
      return { limit, count: highest };
    });
}

/** Parses the label `le`. */
export function bucketLimitOf(le: string | undefined): number {
  return le === "+Inf" ? Infinity : Number(le);
}
