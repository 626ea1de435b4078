/*
 * The types of the app's own metrics: the public ones, and those between `index.ts` and
 * the preload. Imports nothing, as `api.ts`.
 */

/** How a metric is shown, and its labels. */
export interface InstrumentOptions<Label extends string = string> {
  /** What it measures, in one sentence. */
  readonly help?: string | undefined;
  /** A UCUM unit such as `s`, `By` or `{order}`. Prometheus has it in the name: `_seconds`, `_bytes`. */
  readonly unit?: string | undefined;
  /** The names of its labels. A label must have few values: no ids, no addresses. */
  readonly labels?: readonly Label[] | undefined;
}

export interface HistogramOptions<Label extends string = string> extends InstrumentOptions<Label> {
  /**
   * Increasing upper limits of the buckets. Default: from 0.005 to 10 for the unit `s`, for other
   * units from 0 to 10000.
   */
  readonly buckets?: readonly number[] | undefined;
}

export interface SummaryOptions<Label extends string = string> extends InstrumentOptions<Label> {
  /** From 0 to 1. Default: 0.5, 0.9, 0.95 and 0.99. */
  readonly quantiles?: readonly number[] | undefined;
  /** The time that the quantiles cover, in seconds. Default: 600. */
  readonly maxAgeSeconds?: number | undefined;
}

/** Undefined is no label. */
export type LabelValue = string | number | boolean | undefined;

/** A value for each label. */
export type LabelValues<Label extends string> = Readonly<Record<Label, LabelValue>>;

/** The last argument of a metric with labels; a metric without labels has none. */
export type LabelArguments<Label extends string> = [Label] extends [never]
  ? []
  : [labels: LabelValues<Label>];

/** Ends a timer. Returns the seconds that it recorded. */
export type EndTimer<Label extends string> = (labels?: Partial<LabelValues<Label>>) => number;

/** A total that only grows. */
export interface Counter<Label extends string = never> {
  /** @param value from 0 up. */
  add(value: number, ...labels: LabelArguments<Label>): void;
  /** Returns the series of these labels, which is faster to record. It never expires. */
  bind(...labels: LabelArguments<Label>): BoundCounter;
}

export interface BoundCounter {
  add(value: number): void;
}

/** A value that goes up and down. */
export interface Gauge<Label extends string = never> {
  /** Sets the value. */
  record(value: number, ...labels: LabelArguments<Label>): void;
  /** Adds to the value. */
  add(value: number, ...labels: LabelArguments<Label>): void;
  /** Returns the series of these labels, which is faster to record. It never expires. */
  bind(...labels: LabelArguments<Label>): BoundGauge;
}

export interface BoundGauge {
  record(value: number): void;
  add(value: number): void;
}

/** The distribution of values, by buckets. */
export interface Histogram<Label extends string = never> {
  /** @param value from 0 up. */
  record(value: number, ...labels: LabelArguments<Label>): void;
  /** Starts a timer. The returned function records the time until its call, in seconds; labels can be in either call. */
  startTimer(labels?: Partial<LabelValues<Label>>): EndTimer<Label>;
  /** Returns the series of these labels, which is faster to record. It never expires. */
  bind(...labels: LabelArguments<Label>): BoundHistogram;
}

export interface BoundHistogram {
  record(value: number): void;
  /** Starts a timer. The returned function records and returns the time until its call, in seconds. */
  startTimer(): () => number;
}

/** The distribution of values, by quantiles of the last minutes. */
export interface Summary<Label extends string = never> extends Histogram<Label> {}

export type AppInstrumentKind = "counter" | "gauge" | "histogram" | "summary";

/** The options of any kind. */
export interface AnyInstrumentOptions extends HistogramOptions, SummaryOptions {}

type AnyLabels = Readonly<Record<string, unknown>>;

/** An instrument of the preload. None of the functions throws, except for labels that do. */
export interface PreloadInstrument {
  /** Sets a gauge, adds to a counter, records a value of a distribution. */
  record(value: number, labels: AnyLabels | undefined): void;
  /** Adds to a counter or a gauge. */
  add(value: number, labels: AnyLabels | undefined): void;
  bind(labels: AnyLabels | undefined): PreloadSeries;
}

export interface PreloadSeries {
  record(value: number): void;
  add(value: number): void;
}

/** The metric functions behind the public API. */
export interface InstrumentsApi {
  /** Creates an instrument, or returns the one of this name. Problems are reported. Never throws. */
  create(
    kind: AppInstrumentKind,
    name: string,
    options: AnyInstrumentOptions | undefined,
  ): PreloadInstrument;
}
