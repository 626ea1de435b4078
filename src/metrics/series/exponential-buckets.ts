/** Buckets of a base-2 exponential histogram, as the SDK's type has them. */
export interface ExponentialValue {
  readonly scale: number;
  readonly zeroCount: number;
  readonly positive: { readonly offset: number; readonly bucketCounts: number[] };
  readonly negative: { readonly offset: number; readonly bucketCounts: number[] };
}

/** Defaults of the specification (metrics/sdk.md, base2 exponential bucket histogram). */
const MAX_SIZE = 160;
const MAX_SCALE = 20;

const NO_BUCKETS = { offset: 0, bucketCounts: [] };

/**
 * The buckets of an exponential histogram of values from 0 up: bucket `index` counts values
 * above `base ** index`, up to and including `base ** (index + 1)`, with
 * `base = 2 ** (2 ** -scale)`. The scale decreases until all values fit into 160 buckets.
 * https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
 */
export class ExponentialBuckets {
  #scale = MAX_SCALE;
  #zeroCount = 0;
  #counts = new Float64Array(MAX_SIZE);
  #first = 0;
  /** Below `#first` if there are no values. */
  #last = -1;

  record(value: number): void {
    if (value === 0) {
      this.#zeroCount++;
      return;
    }
    let index = bucketIndex(value, this.#scale);
    if (this.#last < this.#first) {
      this.#first = index;
      this.#last = index;
    } else {
      const first = Math.min(this.#first, index);
      const last = Math.max(this.#last, index);
      const shift = shiftFor(first, last);
      if (shift > 0) {
        this.#downscale(shift);
        index = bucketIndex(value, this.#scale);
      }
      this.#extend(index);
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

  /** Joins each `2 ** shift` neighbours into one bucket. */
  #downscale(shift: number): void {
    const first = this.#first >> shift;
    const counts = new Float64Array(MAX_SIZE);
    for (let index = this.#first; index <= this.#last; index += 1)
      counts[(index >> shift) - first]! += this.#counts[index - this.#first]!;
    this.#counts = counts;
    this.#last >>= shift;
    this.#first = first;
    this.#scale -= shift;
  }

  #extend(index: number): void {
    if (index < this.#first) {
      this.#counts.copyWithin(this.#first - index, 0, this.#last - this.#first + 1);
      this.#counts.fill(0, 0, this.#first - index);
      this.#first = index;
    }
    if (index > this.#last) this.#last = index;
  }
}

/** Returns the reduction of the scale with which a range of buckets fits. */
function shiftFor(first: number, last: number): number {
  let shift = 0;
  while ((last >> shift) - (first >> shift) >= MAX_SIZE) shift++;
  return shift;
}

const view = new DataView(new ArrayBuffer(8));

/** Returns the index of a positive value; exact for powers of two, which are upper limits at each scale. */
function bucketIndex(value: number, scale: number): number {
  view.setFloat64(0, Math.max(value, 2.2250738585072014e-308));
  const high = view.getInt32(0);
  const exponent = (high >>> 20) - 1023;
  const isPowerOfTwo = (high & 0xf_ff_ff) === 0 && view.getInt32(4) === 0;
  if (isPowerOfTwo) return scale >= 0 ? exponent * 2 ** scale - 1 : (exponent - 1) >> -scale;
  if (scale <= 0) return exponent >> -scale;
  return Math.ceil(Math.log2(value) * 2 ** scale) - 1;
}
