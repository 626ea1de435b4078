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

/** Most series have few values, and need few of the 160 buckets. */
const INITIAL_SIZE = 20;

const NO_BUCKETS: BucketRange = { offset: 0, bucketCounts: [] };

/**
 * The buckets of an exponential histogram of values from 0 up: bucket `index` counts values
 * above `base ** index`, up to and including `base ** (index + 1)`, with
 * `base = 2 ** (2 ** -scale)`. The scale decreases until all values fit into 160 buckets.
 * https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
 */
export class ExponentialBuckets {
  #scale = MAX_SCALE;
  #zeroCount = 0;
  #counts = new Float64Array(INITIAL_SIZE);
  #first = 0;
  /** Below `#first` if there are no values. */
  #last = -1;

  record(value: number): void {
    if (value === 0) {
      this.#zeroCount += 1;
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
    const bucketCounts = Array.from(this.#counts.subarray(0, this.#last - this.#first + 1));
    const positive = bucketCounts.length > 0 ? { offset: this.#first, bucketCounts } : NO_BUCKETS;
    return { scale: this.#scale, zeroCount: this.#zeroCount, positive, negative: NO_BUCKETS };
  }

  /** Removes all values, at the end of an interval of delta temporality. */
  reset(): void {
    this.#scale = MAX_SCALE;
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
    const shift = shiftFor(Math.min(this.#first, index), Math.max(this.#last, index));
    const first = Math.min(this.#first, index) >> shift;
    const last = Math.max(this.#last, index) >> shift;
    const size = last - first + 1;
    if (shift > 0 || first < this.#first || size > this.#counts.length)
      this.#move(first, Math.min(MAX_SIZE, Math.max(this.#counts.length, 2 * size)), shift);
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
export function shiftFor(first: number, last: number): number {
  let shift = 0;
  while ((last >> shift) - (first >> shift) >= MAX_SIZE) shift++;
  return shift;
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
