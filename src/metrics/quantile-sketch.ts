/** Relative error of a quantile. */
const RELATIVE_ERROR = 0.01;

const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const BUCKETS_PER_UNIT_OF_LOG = 1 / Math.log(GAMMA);

/** Values beyond these are counted as these, so that a sketch has at most 2,073 buckets. */
const MIN_VALUE = 1e-9;
const MAX_VALUE = 1e9;

/** The array grows in steps of this many buckets; 64 cover values whose ratio is up to 3.6. */
const GROWTH = 64;

/**
 * Quantiles of positive values with a relative error of at most 1%, whatever their
 * distribution, in bounded memory: counts in buckets whose boundaries grow exponentially
 * (DDSketch, https://arxiv.org/abs/1908.10693). Durations between 1 ms and 10 s take 2 kB.
 */
export class QuantileSketch {
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;
  /** The bucket of `#counts[0]`. */
  #first = 0;
  #counts = new Float64Array(0);

  get count(): number {
    return this.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  /** The smallest value, exactly; undefined without values. */
  get min(): number | undefined {
    return this.#count === 0 ? undefined : this.#min;
  }

  /** The largest value, exactly; undefined without values. */
  get max(): number | undefined {
    return this.#count === 0 ? undefined : this.#max;
  }

  /** Adds a value. NaN is ignored; zero and negative values are in the lowest bucket. */
  add(value: number): void {
    if (Number.isNaN(value)) return;
    this.#count++;
    this.#sum += value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    const bucket = bucketOf(value);
    if (bucket < this.#first || bucket >= this.#first + this.#counts.length) this.#grow(bucket);
    this.#counts[bucket - this.#first]!++;
  }

  /** Adds all values of another sketch. */
  addAll(other: QuantileSketch): void {
    this.#count += other.#count;
    this.#sum += other.#sum;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
    for (const [index, count] of other.#counts.entries()) {
      if (count === 0) continue;
      const bucket = other.#first + index;
      if (bucket < this.#first || bucket >= this.#first + this.#counts.length) this.#grow(bucket);
      this.#counts[bucket - this.#first]! += count;
    }
  }

  /**
   * Returns the value below which a share of the values is; undefined without values.
   *
   * @param share from 0 to 1; 0.95 is the 95th percentile
   */
  quantile(share: number): number | undefined {
    if (this.#count === 0 || share <= 0) return this.min;
    if (share >= 1) return this.max;
    const rank = share * (this.#count - 1);
    let below = 0;
    for (const [index, count] of this.#counts.entries()) {
      below += count;
      if (below > rank) return this.#limited(valueOf(this.#first + index));
    }
    return this.#max;
  }

  #limited(value: number): number {
    return Math.min(this.#max, Math.max(this.#min, value));
  }

  #grow(bucket: number): void {
    const isEmpty = this.#counts.length === 0;
    const first = isEmpty ? bucket : Math.min(this.#first, bucket);
    const end = isEmpty ? bucket + 1 : Math.max(this.#first + this.#counts.length, bucket + 1);
    // Further buckets below, because values near the new one are likely.
    const from = first < this.#first || isEmpty ? first - GROWTH / 2 : first;
    const counts = new Float64Array(Math.ceil((end - from) / GROWTH) * GROWTH);
    counts.set(this.#counts, isEmpty ? 0 : this.#first - from);
    this.#first = from;
    this.#counts = counts;
  }
}

function bucketOf(value: number): number {
  const limited = Math.min(MAX_VALUE, Math.max(MIN_VALUE, value));
  return Math.ceil(Math.log(limited) * BUCKETS_PER_UNIT_OF_LOG);
}

/** Returns the middle of a bucket, which differs from all its values by the relative error at most. */
function valueOf(bucket: number): number {
  return (2 * GAMMA ** bucket) / (GAMMA + 1);
}
