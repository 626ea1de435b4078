import {
  type BucketRange,
  type ExponentialValue,
  joined,
  MAX_SIZE,
  shiftFor,
} from "./series/exponential-buckets.ts";

/**
 * Adds two exponential histograms, at the scale of the coarser one, or at one where the
 * buckets of both fit into the maximum number.
 */
export function addExponential(a: ExponentialValue, b: ExponentialValue): ExponentialValue {
  const scale = Math.min(a.scale, b.scale);
  const [one, other] = [atScale(a, scale), atScale(b, scale)];
  const shift = Math.max(
    shiftForBoth(one.positive, other.positive),
    shiftForBoth(one.negative, other.negative),
  );
  return {
    scale: scale - shift,
    zeroCount: a.zeroCount + b.zeroCount,
    positive: addRanges(joined(one.positive, shift), joined(other.positive, shift)),
    negative: addRanges(joined(one.negative, shift), joined(other.negative, shift)),
  };
}

/** Returns a histogram with a scale that is lower, or the same. */
export function atScale(value: ExponentialValue, scale: number): ExponentialValue {
  const shift = value.scale - scale;
  if (shift <= 0) return value;
  return {
    scale,
    zeroCount: value.zeroCount,
    positive: joined(value.positive, shift),
    negative: joined(value.negative, shift),
  };
}

/** Computed before any bucket is added: two far ranges at a high scale would take gigabytes. */
function shiftForBoth(a: BucketRange, b: BucketRange): number {
  if (a.bucketCounts.length === 0 || b.bucketCounts.length === 0) return 0;
  const first = Math.min(a.offset, b.offset);
  const last = Math.max(a.offset + a.bucketCounts.length, b.offset + b.bucketCounts.length) - 1;
  return shiftFor(first, last, Math.max(MAX_SIZE, a.bucketCounts.length, b.bucketCounts.length));
}

function addRanges(a: BucketRange, b: BucketRange): BucketRange {
  if (a.bucketCounts.length === 0) return b;
  if (b.bucketCounts.length === 0) return a;
  const offset = Math.min(a.offset, b.offset);
  const end = Math.max(a.offset + a.bucketCounts.length, b.offset + b.bucketCounts.length);
  const bucketCounts = Array.from(
    { length: end - offset },
    (_, position) => countAt(a, offset + position) + countAt(b, offset + position),
  );
  return { offset, bucketCounts };
}

function countAt({ offset, bucketCounts }: BucketRange, index: number): number {
  return bucketCounts[index - offset] ?? 0;
}
