import type { Exemplar, ExponentialPageHistogram, PageHistogram } from "../exemplars.ts";

/** The limits are 0 and 2^-14 to 2^34: fractions of a millisecond to a day, bytes to 16 GiB. */
const MIN_EXPONENT = -14;
const MAX_EXPONENT = 34;

/**
 * Adds buckets with limits to an exponential histogram: native histograms exist in
 * Prometheus' protobuf format only. The limits are powers of two, which buckets of
 * every scale from 0 up share, so that the counts are exact and series stay when the
 * scale changes. Values below zero are in the first bucket.
 *
 * https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
 */
export function pageHistogram(value: ExponentialPageHistogram): PageHistogram {
  const boundaries = [0];
  for (let exponent = MIN_EXPONENT; exponent <= MAX_EXPONENT; exponent += 1)
    boundaries.push(2 ** exponent);
  const counts = Array.from({ length: boundaries.length + 1 }, () => 0);
  counts[0] = value.zeroCount + total(value.negative.bucketCounts);
  const { offset, bucketCounts } = value.positive;
  for (const [index, count] of bucketCounts.entries()) {
    // The upper limit of the bucket is base^(offset + index + 1), with base = 2^(2^-scale).
    const exponent = Math.ceil((offset + index + 1) / 2 ** value.scale);
    const bucket = Math.max(exponent, MIN_EXPONENT) - MIN_EXPONENT + 1;
    counts[Math.min(bucket, counts.length - 1)]! += count;
  }
  return {
    buckets: { boundaries, counts },
    count: value.count,
    native: value,
    ...(value.exemplars && { exemplars: exemplarsIn(boundaries, value.exemplars) }),
    ...(value.sum !== undefined && { sum: value.sum }),
  };
}

/** Returns the latest exemplar of each bucket. */
function exemplarsIn(
  boundaries: readonly number[],
  exemplars: readonly (Exemplar | undefined)[],
): (Exemplar | undefined)[] {
  const latest = Array.from<Exemplar | undefined>({ length: boundaries.length + 1 });
  for (const exemplar of exemplars) {
    if (exemplar === undefined) continue;
    const found = boundaries.findIndex((limit) => exemplar.value <= limit);
    const bucket = found === -1 ? boundaries.length : found;
    if (exemplar.at >= (latest[bucket]?.at ?? 0)) latest[bucket] = exemplar;
  }
  return latest;
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
