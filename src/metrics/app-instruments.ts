import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type {
  AnyInstrumentOptions,
  AppInstrumentKind,
  InstrumentsApi,
  PreloadInstrument,
  PreloadSeries,
} from "../metrics-api.ts";
import { propertyOf } from "../property.ts";
import { type InstrumentOptions, isValidName } from "./descriptor.ts";
import {
  type BindableRecorder,
  type BindableSum,
  CounterInstrument,
  describeValue,
  GaugeInstrument,
  HistogramInstrument,
} from "./instruments.ts";
import { noopRecorder } from "./noop.ts";
import type { StoreMeter } from "./store-meter.ts";
import type { SummaryOptions } from "./series/summary-instrument.ts";

export interface AppInstrumentsDeps {
  readonly meter: StoreMeter;
  readonly diagnostics: Diagnostics;
}

/** Creates what is behind `counter`, `gauge`, `histogram` and `summary`. */
export function createAppInstruments(deps: AppInstrumentsDeps): InstrumentsApi {
  return new AppInstruments(deps);
}

/** The app's own metrics: instruments with fixed labels, in the scope of telltale. */
class AppInstruments implements InstrumentsApi {
  readonly #meter: StoreMeter;
  readonly #diagnostics: Diagnostics;

  constructor({ meter, diagnostics }: AppInstrumentsDeps) {
    this.#meter = meter;
    this.#diagnostics = diagnostics;
  }

  create(
    kind: AppInstrumentKind,
    name: string,
    options: AnyInstrumentOptions | undefined,
  ): PreloadInstrument {
    if (!isValidName(name)) {
      this.#warn(
        describeValue(name),
        `${kind}() received an invalid name, expected a letter, then up to 254 letters, digits, and _ . - /; it records nothing`,
      );
      return recorderOf(noopRecorder);
    }
    const labels = this.#labelsOf(name, propertyOf(options, "labels"));
    const shared = {
      description: propertyOf(options, "help") as string,
      unit: propertyOf(options, "unit") as string,
      labels,
    };
    if (kind === "counter") return this.#createCounter(name, shared);
    if (kind === "gauge") return recorderOf(this.#meter.createGauge(name, shared));
    if (kind === "summary")
      return recorderOf(this.#meter.createSummary(name, { ...shared, ...summaryOptions(options) }));
    const boundaries = propertyOf(options, "buckets") as number[];
    const advice = { explicitBucketBoundaries: boundaries };
    return recorderOf(this.#meter.createHistogram(name, { ...shared, advice }));
  }

  #createCounter(name: string, options: InstrumentOptions): PreloadInstrument {
    const counter = this.#meter.createCounter(name, options);
    // Prometheus sees the first increase only of a series that was there before.
    if (options.labels?.length === 0) counter.bind();
    return counterOf(counter);
  }

  #labelsOf(name: string, labels: unknown): readonly string[] {
    if (labels === undefined || labels === null) return [];
    const names = namesOf(labels);
    if (names === undefined) {
      const expected = "labels must be a list of different names";
      this.#warn(name, `${expected}, received ${describeValue(labels)}; it has none`);
      return [];
    }
    return names;
  }

  #warn(name: string, what: string): void {
    this.#diagnostics.warn(`instrument ${name}`, `metric "${name}": ${what}`);
  }
}

function namesOf(labels: unknown): readonly string[] | undefined {
  try {
    if (!Array.isArray(labels)) return undefined;
    const names = labels.filter((label) => typeof label === "string" && label !== "") as string[];
    return names.length === labels.length && new Set(names).size === names.length
      ? names
      : undefined;
  } catch {
    // A revoked proxy.
    return undefined;
  }
}

function summaryOptions(options: AnyInstrumentOptions | undefined): SummaryOptions {
  return {
    quantiles: propertyOf(options, "quantiles") as number[],
    maxAgeSeconds: propertyOf(options, "maxAgeSeconds") as number,
  };
}

function counterOf(counter: BindableSum): PreloadInstrument {
  const add = (value: number, labels: Readonly<Record<string, unknown>> | undefined): void =>
    counter.add(value, labels);
  return {
    add,
    record: add,
    bind(labels) {
      const series = counter.bind(labels);
      const addToSeries =
        counter instanceof CounterInstrument
          ? (value: number): void => series.add(value, counter.exemplarContext(undefined))
          : (value: number): void => series.add(value);
      return { add: addToSeries, record: addToSeries };
    },
  };
}

function recorderOf(recorder: BindableRecorder): PreloadInstrument {
  const gauge = recorder instanceof GaugeInstrument ? recorder : undefined;
  return {
    record: (value, labels) => recorder.record(value, labels),
    add: (value, labels) => gauge?.lookup.seriesFor(labels).add(value),
    bind: (labels): PreloadSeries => {
      if (gauge !== undefined) return gauge.lookup.bind(labels);
      const series = recorder.bind(labels);
      const record =
        recorder instanceof HistogramInstrument
          ? (value: number): void => series.record(value, recorder.exemplarContext(undefined))
          : (value: number): void => series.record(value);
      return { record, add: record };
    },
  };
}
