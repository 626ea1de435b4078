import type { Attributes, SpanContext } from "@opentelemetry/api";
import { wallClock } from "../clock.ts";
import { lazy } from "../lazy.ts";
import { type InstrumentDescriptor, takesNegatives } from "./descriptor.ts";
import type { Exemplar } from "./exemplars.ts";
import type { SeriesChanges } from "./series/series-changes.ts";
import type { ExponentialSlot } from "./exponential-slots.ts";
import type { ExponentialBuckets } from "./series/exponential-buckets.ts";

const loadExponential = lazy<typeof import("./series/exponential-buckets.ts")>(
  "metrics/series/exponential-buckets.ts",
);

/** One series of a counter or an up-down counter, looked up once. */
export interface BoundSum {
  /** @param exemplarContext the exemplar's span; ignored by an up-down counter. */
  add(value: number, exemplarContext?: SpanContext): void;
}

/** One series of a histogram or a gauge, looked up once. */
export interface BoundRecorder {
  /** @param exemplarContext the exemplar's span; ignored by a gauge. */
  record(value: number, exemplarContext?: SpanContext): void;
}

/** One series of a gauge, to whose value it can add. */
export interface BoundGauge extends BoundRecorder {
  add(value: number): void;
}

/** The part of an instrument that its series use on the hot path. */
export interface SeriesOwner {
  readonly descriptor: InstrumentDescriptor;
  /** Whether the value type is `INT`: fractions are truncated. */
  readonly integer: boolean;
  /** Upper limits (inclusive) of a histogram's buckets; the last bucket has none. */
  readonly boundaries: readonly number[];
  /** The exponential buckets that a histogram has too. */
  readonly exponentialSlots: readonly ExponentialSlot[];
  readonly changes: SeriesChanges;
  /** Reports, rarely, an ignored value and the reason. */
  reject(value: unknown, why: string): void;
}

/** A monotonic sum. */
export class CounterSeries implements BoundSum {
  readonly attributes: Attributes;
  readonly owner: SeriesOwner;
  value = 0;
  /** The latest one: Prometheus has one exemplar per counter. */
  exemplar: Exemplar | undefined = undefined;

  constructor(attributes: Attributes, owner: SeriesOwner) {
    this.attributes = attributes;
    this.owner = owner;
  }

  add(value: number, exemplarContext?: SpanContext): void {
    if (typeof value !== "number" || !(value >= 0) || value === Infinity) {
      this.owner.reject(value, "a counter takes finite numbers from 0 up");
      return;
    }
    const accepted = this.owner.integer ? Math.trunc(value) : value;
    this.value += accepted;
    if (exemplarContext !== undefined) this.exemplar = exemplarOf(exemplarContext, accepted);
    const { changes } = this.owner;
    if (changes.isWatched) changes.add(this);
  }
}

export class UpDownCounterSeries implements BoundSum {
  readonly attributes: Attributes;
  readonly owner: SeriesOwner;
  value = 0;

  constructor(attributes: Attributes, owner: SeriesOwner) {
    this.attributes = attributes;
    this.owner = owner;
  }

  add(value: number): void {
    if (typeof value === "number" && value > -Infinity && value < Infinity) {
      this.value += this.owner.integer ? Math.trunc(value) : value;
    } else {
      this.owner.reject(value, "an up-down counter takes finite numbers");
    }
  }
}

export class GaugeSeries implements BoundGauge {
  readonly attributes: Attributes;
  readonly owner: SeriesOwner;
  value = 0;
  /** The number of measurements. A gauge that was bound but never recorded has no value. */
  count = 0;

  constructor(attributes: Attributes, owner: SeriesOwner) {
    this.attributes = attributes;
    this.owner = owner;
  }

  record(value: number): void {
    if (typeof value === "number" && value === value) {
      this.value = this.owner.integer ? Math.trunc(value) : value;
      this.count += 1;
    } else {
      this.owner.reject(value, "a gauge takes numbers");
    }
  }

  /** Adds to the value. The API's gauge has no such method. */
  add(value: number): void {
    if (typeof value === "number" && Number.isFinite(value)) this.record(this.value + value);
    else this.owner.reject(value, "only finite numbers can be added to a gauge");
  }
}

interface Extremes {
  readonly min: number;
  readonly max: number;
}

const NO_EXTREMES: Extremes = { min: Infinity, max: -Infinity };

export class HistogramSeries implements BoundRecorder {
  readonly attributes: Attributes;
  readonly owner: SeriesOwner;
  readonly boundaries: readonly number[];
  readonly counts: number[];
  /** One for each bucket; created with the first exemplar. */
  exemplars: (Exemplar | undefined)[] | undefined = undefined;
  count = 0;
  sum = 0;
  /** The minimum of the interval of the reader with delta temporality, if there is one; else of all time. */
  min: number = Infinity;
  max: number = -Infinity;
  /** One for each slot of the owner; undefined without slots. */
  readonly exponential: readonly ExponentialBuckets[] | undefined = undefined;
  #previousExtremes: Extremes = NO_EXTREMES;

  constructor(attributes: Attributes, owner: SeriesOwner) {
    this.attributes = attributes;
    this.owner = owner;
    this.boundaries = owner.boundaries;
    this.counts = Array.from({ length: owner.boundaries.length + 1 }, () => 0);
    const { exponentialSlots: slots } = owner;
    if (slots.length > 0) {
      const { ExponentialBuckets: Buckets } = loadExponential();
      this.exponential = slots.map(() => new Buckets(owner.descriptor.exponential));
    }
  }

  record(value: number, exemplarContext?: SpanContext): void {
    if (typeof value !== "number" || !(value >= 0) || value === Infinity) {
      if (!(value < 0 && value > -Infinity && takesNegatives(this.owner.descriptor))) {
        this.owner.reject(value, "a histogram takes finite numbers from 0 up");
        return;
      }
    }
    const accepted = this.owner.integer ? Math.trunc(value) : value;
    this.count += 1;
    this.sum += accepted;
    if (accepted < this.min) this.min = accepted;
    if (accepted > this.max) this.max = accepted;
    const bucket = bucketOf(this.boundaries, accepted);
    this.counts[bucket]! += 1;
    if (this.exponential !== undefined) this.#recordExponential(this.exponential, accepted);
    const { changes } = this.owner;
    if (changes.isWatched) changes.add(this);
    if (exemplarContext === undefined) return;
    this.exemplars ??= this.counts.map(() => undefined);
    this.exemplars[bucket] = exemplarOf(exemplarContext, accepted);
  }

  /** Returns the exponential buckets of a slot, if the series has it. */
  exponentialOf(slot: ExponentialSlot | undefined): ExponentialBuckets | undefined {
    if (slot === undefined || this.exponential === undefined) return undefined;
    return this.exponential[this.owner.exponentialSlots.indexOf(slot)];
  }

  #recordExponential(all: readonly ExponentialBuckets[], value: number): void {
    for (let index = 0; index < all.length; index += 1) all[index]!.record(value);
  }

  /** The extremes of all time; `min` and `max` are those since the last call of `resetExtremes`. */
  get allExtremes(): Extremes {
    const { min, max } = this.#previousExtremes;
    return { min: Math.min(min, this.min), max: Math.max(max, this.max) };
  }

  resetExtremes(): void {
    this.#previousExtremes = this.allExtremes;
    this.min = Infinity;
    this.max = -Infinity;
  }
}

function exemplarOf({ traceId, spanId }: SpanContext, value: number): Exemplar {
  return { traceId, spanId, value, at: Math.floor(wallClock()) };
}

/** The latest value that a callback observed. */
export class ObservedSeries {
  readonly attributes: Attributes;
  value = 0;
  /** The round of the observation; series without an observation in the current round are not reported. */
  round = -1;

  constructor(attributes: Attributes) {
    this.attributes = attributes;
  }
}

/** Returns the index of the first bucket whose upper limit is not below the value. */
function bucketOf(boundaries: readonly number[], value: number): number {
  let low = 0;
  let high = boundaries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (boundaries[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
