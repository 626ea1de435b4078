import type { Attributes, Counter, Gauge, Histogram, Meter, MetricOptions, UpDownCounter } from "@opentelemetry/api";

/** One series of a counter or an up-down counter, looked up once. */
export interface BoundSum {
  add(value: number): void;
}

/** One series of a histogram or a gauge, looked up once. */
export interface BoundRecorder {
  record(value: number): void;
}

export interface BindableSum extends Counter, UpDownCounter {
  /** The series of these attributes; they are copied. Valid for the life of the process. */
  bind(attributes?: Attributes): BoundSum;
}

export interface BindableRecorder extends Histogram, Gauge {
  /** The series of these attributes; they are copied. Valid for the life of the process. */
  bind(attributes?: Attributes): BoundRecorder;
}

/** The API's `Meter` over our store. */
export interface StoreMeter extends Meter {
  createCounter(name: string, options?: MetricOptions): BindableSum;
  createUpDownCounter(name: string, options?: MetricOptions): BindableSum;
  createHistogram(name: string, options?: MetricOptions): BindableRecorder;
  createGauge(name: string, options?: MetricOptions): BindableRecorder;
}
