import type { ExponentialSize } from "../../config/config.ts";

/** Buckets of a base-2 exponential histogram, as the SDK's type has them. */
export interface ExponentialValue {
  readonly scale: number;
  readonly zeroCount: number;
  readonly positive: BucketRange;
  readonly negative: BucketRange;
}

/** Counts of adjacent buckets, from the index `offset` up. */
export interface BucketRange {
  readonly offset: number;
  readonly bucketCounts: number[];
}

/** Defaults of the specification (metrics/sdk.md, base2 exponential bucket histogram). */
export const MAX_SIZE = 160;
const MAX_SCALE = 20;

/** The specification has no upper limit for the number of buckets; memory has. */
export const LARGEST_SIZE = 4096;

/** Most series have few values, and need few of the 160 buckets. */
const INITIAL_SIZE = 20;

const NO_BUCKETS: BucketRange = { offset: 0, bucketCounts: [] };

/**
 * The buckets of an exponential histogram: bucket `index` counts values above `base ** index`,
 * up to and including `base ** (index + 1)`, with `base = 2 ** (2 ** -scale)`. The scale
 * decreases until all values fit. Values below zero, which few instruments have, are in
 * buckets of their own.
 * https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
 */
export class ExponentialBuckets {
  readonly #size: ExponentialSize;
  readonly #maxSize: number;
  readonly #maxScale: number;
  #negative: ExponentialBuckets | undefined = undefined;
  #scale: number;
  #zeroCount = 0;
  #counts: Float64Array;
  #first = 0;
  /** Below `#first` if there are no values. */
  #last = -1;

  constructor(size: ExponentialSize = {}) {
    this.#size = size;
    this.#maxSize = Math.min(Math.max(size.maxSize ?? MAX_SIZE, 2), LARGEST_SIZE);
    this.#maxScale = size.maxScale ?? MAX_SCALE;
    this.#scale = this.#maxScale;
    this.#counts = new Float64Array(Math.min(INITIAL_SIZE, this.#maxSize));
  }

  record(value: number): void {
    if (!(value > 0)) {
      if (value === 0) this.#zeroCount += 1;
      else (this.#negative ??= new ExponentialBuckets(this.#size)).record(-value);
      return;
    }
    let index = bucketIndex(value, this.#scale);
    if (index < this.#first || index > this.#last) {
      this.#include(index);
      index = bucketIndex(value, this.#scale);
    }
    this.#counts[index - this.#first]! += 1;
  }

  /** Returns a copy. */
  value(): ExponentialValue {
    const negative = this.#negative;
    const scale = negative ? Math.min(this.#scale, negative.#scale) : this.#scale;
    return {
      scale,
      zeroCount: this.#zeroCount,
      positive: this.#rangeAt(scale),
      negative: negative ? negative.#rangeAt(scale) : NO_BUCKETS,
    };
  }

  #rangeAt(scale: number): BucketRange {
    const bucketCounts = Array.from(this.#counts.subarray(0, this.#last - this.#first + 1));
    if (bucketCounts.length === 0) return NO_BUCKETS;
    return joined({ offset: this.#first, bucketCounts }, this.#scale - scale);
  }

  /** Removes all values, at the end of an interval of delta temporality. */
  reset(): void {
    this.#negative = undefined;
    this.#scale = this.#maxScale;
    this.#zeroCount = 0;
    this.#counts.fill(0);
    this.#first = 0;
    this.#last = -1;
  }

  /** Extends the range to an index of the present scale, which may decrease. */
  #include(index: number): void {
    if (this.#last < this.#first) {
      this.#first = index;
      this.#last = index;
      return;
    }
    const shift = shiftFor(
      Math.min(this.#first, index),
      Math.max(this.#last, index),
      this.#maxSize,
    );
    const first = Math.min(this.#first, index) >> shift;
    const last = Math.max(this.#last, index) >> shift;
    const size = last - first + 1;
    if (shift > 0 || first < this.#first || size > this.#counts.length)
      this.#move(first, Math.min(this.#maxSize, Math.max(this.#counts.length, 2 * size)), shift);
    this.#first = first;
    this.#last = last;
    this.#scale -= shift;
  }

  /** Copies the counts to a range that begins at `first`, and joins each `2 ** shift` neighbours. */
  #move(first: number, size: number, shift: number): void {
    const counts = new Float64Array(size);
    for (let index = this.#first; index <= this.#last; index += 1)
      counts[(index >> shift) - first]! += this.#counts[index - this.#first]!;
    this.#counts = counts;
  }
}

/** Returns the reduction of the scale with which a range of buckets fits. */
export function shiftFor(first: number, last: number, maxSize: number): number {
  let shift = 0;
  while ((last >> shift) - (first >> shift) >= maxSize) shift++;
  return shift;
}

/** Joins each `2 ** shift` neighbours into one bucket. */
export function joined({ offset, bucketCounts }: BucketRange, shift: number): BucketRange {
  if (shift === 0 || bucketCounts.length === 0) return { offset, bucketCounts };
  const first = offset >> shift;
  const counts: number[] = [];
  for (const [position, count] of bucketCounts.entries()) {
    const at = ((offset + position) >> shift) - first;
    counts[at] = (counts[at] ?? 0) + count;
  }
  return { offset: first, bucketCounts: counts };
}

const view = new DataView(new ArrayBuffer(8));

/** Smaller numbers have less precision, and count as this one. */
const SMALLEST_NORMAL = 2.2250738585072014e-308;

/**
 * Returns the index of a positive value. It is exact at powers of two, which are upper limits
 * at each scale: a logarithm may be rounded to the other side.
 */
function bucketIndex(value: number, scale: number): number {
  view.setFloat64(0, value < SMALLEST_NORMAL ? SMALLEST_NORMAL : value);
  const high = view.getInt32(0);
  const exponent = (high >>> 20) - 1023;
  const isPowerOfTwo = (high & 0xf_ff_ff) === 0 && view.getInt32(4) === 0;
  if (isPowerOfTwo) return scale >= 0 ? exponent * 2 ** scale - 1 : (exponent - 1) >> -scale;
  if (scale <= 0) return exponent >> -scale;
  const perOctave = 2 ** scale;
  const index = Math.ceil(Math.log2(value) * perOctave) - 1;
  const lowest = exponent * perOctave;
  if (index < lowest) return lowest;
  return index < lowest + perOctave ? index : lowest + perOctave - 1;
}
