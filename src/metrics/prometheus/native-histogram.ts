import { atScale } from "../exponential-sum.ts";
import type { BucketRange, ExponentialValue } from "../series/exponential-buckets.ts";

/*
 * Native histograms of Prometheus. Their schema is the scale of an exponential histogram,
 * whose bucket `index` is their bucket `index + 1`.
 * https://prometheus.io/docs/specs/native_histograms/
 */

const MIN_SCHEMA = -4;
const MAX_SCHEMA = 8;

/** Adjacent buckets: `offset` is the distance from the end of the previous span, or from zero. */
export interface BucketSpan {
  readonly offset: number;
  length: number;
}

export interface NativeBuckets {
  readonly spans: readonly BucketSpan[];
  /** The count of each bucket of the spans, as the difference to the previous one. */
  readonly deltas: readonly number[];
}

/** Returns a histogram with a scale that is a schema; undefined if it is too coarse. */
export function withSchema(value: ExponentialValue): ExponentialValue | undefined {
  return value.scale < MIN_SCHEMA ? undefined : atScale(value, MAX_SCHEMA);
}

/** A span takes about as many bytes as this number of empty buckets. */
const MAX_EMPTY_BUCKETS = 2;

export function nativeBuckets({ offset, bucketCounts }: BucketRange): NativeBuckets {
  const spans: BucketSpan[] = [];
  const deltas: number[] = [];
  let previous = 0;
  let end = 0;
  for (const [position, count] of bucketCounts.entries()) {
    if (count === 0) continue;
    const index = offset + position + 1;
    const gap = index - end;
    const span = spans.at(-1);
    if (span !== undefined && gap <= MAX_EMPTY_BUCKETS) {
      for (let empty = 0; empty < gap; empty += 1) {
        deltas.push(-previous);
        previous = 0;
      }
      span.length += gap + 1;
    } else spans.push({ offset: gap, length: 1 });
    deltas.push(count - previous);
    previous = count;
    end = index + 1;
  }
  return { spans, deltas };
}
