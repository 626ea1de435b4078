import type { Attributes } from "@opentelemetry/api";
import { now } from "../../clock.ts";
import { propertyOf } from "../../property.ts";
import type { InstrumentDescriptor, InstrumentOptions } from "../descriptor.ts";
import { describeValue, type InstrumentDeps, RecorderInstrument } from "../instruments.ts";
import { QuantileSketch } from "../quantile-sketch.ts";
import type { BoundRecorder, SeriesOwner } from "../series.ts";
import type { SummaryValue } from "../../export/summary-data.ts";

export interface SummaryOptions extends InstrumentOptions {
  /** From 0 to 1. Default: 0.5, 0.9, 0.95 and 0.99. */
  readonly quantiles?: readonly number[] | undefined;
  /** The time that the quantiles cover, in seconds. Default: 600. */
  readonly maxAgeSeconds?: number | undefined;
}

const DEFAULT_QUANTILES: readonly number[] = [0.5, 0.9, 0.95, 0.99];

/** The default of Prometheus' client for Go. */
const DEFAULT_MAX_AGE_SECONDS = 600;

/** Parts of the window, the oldest of which is removed at a time, as in Prometheus' client for Go. */
const SLICES = 5;

/** An instrument whose series have quantiles over a sliding window, in bounded memory. */
export class SummaryInstrument extends RecorderInstrument<SummarySeries> {
  readonly window: SummaryWindow;

  constructor(descriptor: InstrumentDescriptor, deps: InstrumentDeps, window: SummaryWindow) {
    super(descriptor, deps);
    this.window = window;
  }

  /** Creates a stream of the instrument. */
  createStream(descriptor: InstrumentDescriptor, deps: InstrumentDeps): SummaryInstrument {
    return new SummaryInstrument(descriptor, deps, this.window);
  }

  protected create(attributes: Attributes): SummarySeries {
    return new SummarySeries(attributes, this);
  }
}

interface SummaryWindow {
  readonly quantiles: readonly number[];
  readonly sliceMs: number;
}

/** Creates a summary; invalid options are reported and replaced by the defaults. */
export function createSummary(
  descriptor: InstrumentDescriptor,
  deps: InstrumentDeps,
  options: SummaryOptions | undefined,
): SummaryInstrument {
  const problem = (what: string): void => deps.report("instrument", descriptor.name, what);
  const seconds = maxAgeOf(propertyOf(options, "maxAgeSeconds"), problem);
  return new SummaryInstrument(descriptor, deps, {
    quantiles: quantilesOf(propertyOf(options, "quantiles"), problem),
    sliceMs: (seconds * 1000) / SLICES,
  });
}

function quantilesOf(quantiles: unknown, report: (what: string) => void): readonly number[] {
  if (quantiles === undefined) return DEFAULT_QUANTILES;
  const isValid =
    Array.isArray(quantiles) &&
    quantiles.every((share) => typeof share === "number" && share >= 0 && share <= 1);
  if (isValid) return [...new Set(quantiles as number[])].toSorted((a, b) => a - b);
  report(
    `invalid quantiles ${describeValue(quantiles)} (expected numbers from 0 to 1); using ${DEFAULT_QUANTILES.join(", ")}`,
  );
  return DEFAULT_QUANTILES;
}

function maxAgeOf(seconds: unknown, report: (what: string) => void): number {
  if (seconds === undefined) return DEFAULT_MAX_AGE_SECONDS;
  if (typeof seconds === "number" && seconds > 0 && seconds < Infinity) return seconds;
  report(
    `invalid maxAgeSeconds ${describeValue(seconds)} (expected a number above 0); using ${DEFAULT_MAX_AGE_SECONDS}`,
  );
  return DEFAULT_MAX_AGE_SECONDS;
}

/** Count and sum of all time, and the distribution of the last minutes. */
export class SummarySeries implements BoundRecorder {
  readonly attributes: Attributes;
  readonly #owner: SeriesOwner & { readonly window: SummaryWindow };
  count = 0;
  #sum = 0;
  /** The sketches of the window by the number of their slice, the newest last. */
  #slices: { readonly slice: number; readonly sketch: QuantileSketch }[] = [];

  constructor(attributes: Attributes, owner: SeriesOwner & { readonly window: SummaryWindow }) {
    this.attributes = attributes;
    this.#owner = owner;
  }

  record(value: number): void {
    if (typeof value !== "number" || !(value >= 0) || value === Infinity) {
      this.#owner.reject(value, "a summary takes finite numbers from 0 up");
      return;
    }
    this.count += 1;
    this.#sum += value;
    this.#currentSketch().add(value);
  }

  value(): SummaryValue {
    this.#removeOld(this.#currentSlice());
    const window = new QuantileSketch();
    for (const { sketch } of this.#slices) window.addAll(sketch);
    const { quantiles } = this.#owner.window;
    return {
      count: this.count,
      sum: this.#sum,
      quantiles: quantiles.flatMap((quantile) => {
        const value = window.quantile(quantile);
        return value === undefined ? [] : [{ quantile, value }];
      }),
    };
  }

  #currentSketch(): QuantileSketch {
    const slice = this.#currentSlice();
    const newest = this.#slices.at(-1);
    if (newest?.slice === slice) return newest.sketch;
    this.#removeOld(slice);
    const sketch = new QuantileSketch();
    this.#slices.push({ slice, sketch });
    return sketch;
  }

  #currentSlice(): number {
    return Math.floor(now() / this.#owner.window.sliceMs);
  }

  #removeOld(slice: number): void {
    if ((this.#slices[0]?.slice ?? slice) > slice - SLICES) return;
    this.#slices = this.#slices.filter((one) => one.slice > slice - SLICES);
  }
}
