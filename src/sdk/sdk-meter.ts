import type {
  Attributes,
  BatchObservableCallback,
  Meter,
  MetricOptions,
  Observable,
} from "@opentelemetry/api";
import type { BindableRecorder, BindableSum } from "../metrics/instruments.ts";
import type { StoreMeter } from "../metrics/store-meter.ts";

/** A meter of the SDK, whose instruments can be bound to attributes as those of telltale's store. */
export class SdkMeter implements StoreMeter {
  readonly #meter: Meter;

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  createCounter(name: string, options?: MetricOptions): BindableSum {
    return bindableSum(() => this.#meter.createCounter(name, options));
  }

  createUpDownCounter(name: string, options?: MetricOptions): BindableSum {
    return bindableSum(() => this.#meter.createUpDownCounter(name, options));
  }

  createHistogram(name: string, options?: MetricOptions): BindableRecorder {
    return bindableRecorder(() => this.#meter.createHistogram(name, options));
  }

  createGauge(name: string, options?: MetricOptions): BindableRecorder {
    return bindableRecorder(() => this.#meter.createGauge(name, options));
  }

  /** Creates a histogram: the SDK has no summaries. */
  createSummary(name: string, options?: MetricOptions): BindableRecorder {
    return this.createHistogram(name, options);
  }

  createObservableGauge(name: string, options?: MetricOptions): Observable {
    return this.#meter.createObservableGauge(name, options);
  }

  createObservableCounter(name: string, options?: MetricOptions): Observable {
    return this.#meter.createObservableCounter(name, options);
  }

  createObservableUpDownCounter(name: string, options?: MetricOptions): Observable {
    return this.#meter.createObservableUpDownCounter(name, options);
  }

  addBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void {
    this.#meter.addBatchObservableCallback(callback, observables);
  }

  removeBatchObservableCallback(
    callback: BatchObservableCallback,
    observables: Observable[],
  ): void {
    this.#meter.removeBatchObservableCallback(callback, observables);
  }
}

function bindableSum(create: () => { add: BindableSum["add"] }): BindableSum {
  const instrument = atFirstUse(create);
  return {
    add: (value, attributes, context) => instrument().add(value, attributes, context),
    bind: (attributes?: Attributes) => {
      const copy = { ...attributes };
      return { add: (value) => instrument().add(value, copy) };
    },
  };
}

function bindableRecorder(create: () => { record: BindableRecorder["record"] }): BindableRecorder {
  const instrument = atFirstUse(create);
  return {
    record: (value, attributes, context) => instrument().record(value, attributes, context),
    bind: (attributes?: Attributes) => {
      const copy = { ...attributes };
      return { record: (value) => instrument().record(value, copy) };
    },
  };
}

/**
 * Creates an instrument with its first measurement: the SDK fixes its views and its readers when
 * it is created, and an extension adds some later.
 */
function atFirstUse<Instrument extends object>(create: () => Instrument): () => Instrument {
  let instrument: Instrument | undefined;
  return () => (instrument ??= create());
}
