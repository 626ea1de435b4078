import type { Attributes, HrTime } from "@opentelemetry/api";
import type {
  AggregationTemporality,
  DataPoint,
  DataPointType,
  ExponentialHistogram,
  Histogram,
  MetricData,
  ScopeMetrics,
} from "@opentelemetry/sdk-metrics";
import { hrTimeOf, laterTime } from "../clock.ts";
import type { MetricsConfig } from "../config/config.ts";
import {
  type InstrumentDescriptor,
  type InstrumentKind,
  isGauge,
  takesNegatives,
} from "./descriptor.ts";
import type { ExponentialSlot } from "./exponential-slots.ts";
import type { ExponentialBuckets } from "./series/exponential-buckets.ts";
import type {
  Exemplar,
  ExponentialPageHistogram,
  PageHistogram,
  PointWithExemplar,
} from "./exemplars.ts";
import { CounterInstrument, HistogramInstrument, UpDownCounterInstrument } from "./instruments.ts";
import type { ScopeMeter, StoreInstrument } from "./meter.ts";
import { ObservableInstrument } from "./observable-instrument.ts";
import type { HistogramSeries } from "./series.ts";
import { SUMMARY, type SummaryPoint } from "../export/summary-data.ts";
import type { SummaryInstrument } from "./series/summary-instrument.ts";

type Temporality = MetricsConfig["temporality"];

export interface ReaderOptions {
  /** Attributes added to every point, for a store that is one of several. */
  readonly labels?: Attributes | undefined;
  /** The exponential buckets that it reads. Default: none, histograms are explicit. */
  readonly exponential?: ExponentialSlot | undefined;
  /** Which histograms are exponential, or have both kinds of buckets. Default: those of such a view. */
  readonly histograms?: "by_view" | "exponential" | "both";
  /**
   * Whether a reader with delta temporality reports and resets the extremes of an interval,
   * which only one can. Default: yes.
   */
  readonly ownsExtremes?: boolean;
  /** Whether of the streams of an instrument with one name it reads all. Default: yes. */
  readonly hasDuplicates?: boolean;
}

/** Selects the series to collect. */
export type SeriesFilter = (series: object) => boolean;

const allSeries: SeriesFilter = () => true;

/** The SDK's enums, without the SDK's code in the start bundle. */
export const HISTOGRAM: DataPointType.HISTOGRAM = 0;
export const EXPONENTIAL_HISTOGRAM: DataPointType.EXPONENTIAL_HISTOGRAM = 1;
export const GAUGE: DataPointType.GAUGE = 2;
export const SUM: DataPointType.SUM = 3;
export const DELTA: AggregationTemporality.DELTA = 0;
export const CUMULATIVE: AggregationTemporality.CUMULATIVE = 1;

/** The kinds with delta temporality, by preference (specification, metrics/sdk_exporters/otlp.md). */
const deltaKinds: Readonly<Record<Temporality, readonly InstrumentKind[]>> = {
  cumulative: [],
  delta: ["counter", "observable_counter", "histogram", "gauge", "observable_gauge"],
  lowmemory: ["counter", "histogram"],
};

/**
 * The state of one reader of the store. Series hold totals only, so there can be
 * any number of readers; a reader with delta temporality stores here the values
 * last reported.
 */
export class MetricReaderState {
  readonly #deltas: readonly InstrumentKind[];
  readonly #startTime: HrTime;
  readonly #labels: Attributes | undefined;
  readonly #lastReported = new WeakMap<object, number | Histogram>();
  readonly #exponential: ExponentialSlot | undefined;
  readonly #histograms: "by_view" | "exponential" | "both";
  readonly #ownsExtremes: boolean;
  readonly #hasDuplicates: boolean;
  #lastCollectedAt: HrTime;

  /** @param startedAt the creation time of the store, the start of every total. */
  constructor(
    temporality: Temporality,
    startedAt: number,
    {
      labels,
      exponential,
      histograms = "by_view",
      ownsExtremes = true,
      hasDuplicates = true,
    }: ReaderOptions = {},
  ) {
    this.#labels = labels;
    this.#exponential = exponential;
    this.#histograms = histograms;
    this.#ownsExtremes = ownsExtremes;
    this.#hasDuplicates = hasDuplicates;
    this.#deltas = deltaKinds[temporality];
    this.#startTime = hrTimeOf(startedAt);
    this.#lastCollectedAt = this.#startTime;
  }

  /**
   * Returns a copy of all series with a value, as the SDK's data types.
   *
   * @param round the current round of observations.
   * @param filter selects the series; all by default.
   */
  collect(
    meters: Iterable<ScopeMeter>,
    round: number,
    filter: SeriesFilter = allSeries,
  ): ScopeMetrics[] {
    // A clock that was set back must not result in an interval that ends before it starts.
    const now = laterTime(hrTimeOf(Date.now()), this.#lastCollectedAt);
    const scopes: ScopeMetrics[] = [];
    for (const meter of meters) {
      const metrics: MetricData[] = [];
      for (const instrument of meter.instruments()) {
        if (instrument.descriptor.isDuplicate === true && !this.#hasDuplicates) continue;
        const data = this.#metricData(instrument, round, now, filter);
        if (data.dataPoints.length > 0) metrics.push(data);
      }
      if (metrics.length > 0) scopes.push({ scope: meter.scope, metrics });
    }
    this.#lastCollectedAt = now;
    return scopes;
  }

  #metricData(
    instrument: StoreInstrument,
    round: number,
    now: HrTime,
    filter: SeriesFilter,
  ): MetricData {
    const { descriptor } = instrument;
    const isLastValue = isGauge(descriptor);
    const delta = !isLastValue && this.#deltas.includes(descriptor.kind);
    const context: PointContext = {
      descriptor,
      aggregationTemporality: delta ? DELTA : CUMULATIVE,
      startTime: delta ? this.#lastCollectedAt : this.#startTime,
      endTime: now,
      labels: this.#labels,
      filter,
    };
    if (instrument instanceof HistogramInstrument)
      return this.#isExponential(instrument)
        ? this.#exponentialHistogram(instrument, context, delta)
        : this.#histogram(instrument, context, delta);
    if (isSummaryInstrument(instrument)) return summaryData(instrument, context);
    const points = this.#numbers(instrument, round, context, delta);
    if (isLastValue) return { ...metricFields(context), dataPointType: GAUGE, dataPoints: points };
    const isMonotonic = !takesNegatives(descriptor);
    return { ...metricFields(context), dataPointType: SUM, isMonotonic, dataPoints: points };
  }

  #numbers(
    instrument: NumberInstrument,
    round: number,
    context: PointContext,
    delta: boolean,
  ): PointWithExemplar[] {
    const points: PointWithExemplar[] = [];
    for (const series of currentSeries(instrument, round)) {
      if (!context.filter(series)) continue;
      const value = delta ? this.#difference(series, context.descriptor) : series.value;
      if (delta && value === 0) continue;
      const point = pointOf(context, instrument, series, value);
      points.push(series.exemplar === undefined ? point : { ...point, exemplar: series.exemplar });
    }
    return points;
  }

  #histogram(instrument: HistogramInstrument, context: PointContext, delta: boolean): MetricData {
    const dataPoints: DataPoint<Histogram>[] = [];
    for (const series of instrument.table) {
      if (!context.filter(series)) continue;
      const value = delta ? this.#histogramDifference(series) : this.#total(series);
      if (value.count > 0) dataPoints.push(pointOf(context, instrument, series, value));
    }
    return { ...metricFields(context), dataPointType: HISTOGRAM, dataPoints };
  }

  #isExponential({ descriptor, exponentialSlots: slots }: HistogramInstrument): boolean {
    if (this.#exponential === undefined || !slots.includes(this.#exponential)) return false;
    return (
      descriptor.exponential !== undefined ||
      (this.#histograms === "exponential" && descriptor.hasViewBoundaries !== true)
    );
  }

  #total(series: HistogramSeries): PageHistogram {
    const value = histogramOf(series);
    if (this.#histograms !== "both") return value;
    const buckets = series.exponentialOf(this.#exponential);
    return buckets === undefined ? value : { ...value, native: buckets.value() };
  }

  /** Resets the buckets of the interval of a reader with delta temporality, which no other one reads. */
  #exponentialHistogram(
    instrument: HistogramInstrument,
    context: PointContext,
    delta: boolean,
  ): MetricData {
    const dataPoints: DataPoint<ExponentialHistogram>[] = [];
    for (const series of instrument.table) {
      if (!context.filter(series)) continue;
      const value = delta ? this.#histogramDifference(series) : histogramOf(series);
      const buckets = series.exponentialOf(this.#exponential);
      if (value.count === 0 || buckets === undefined) continue;
      const exponential = withExponentialBuckets(value, buckets);
      if (delta) buckets.reset();
      dataPoints.push(pointOf(context, instrument, series, exponential));
    }
    return { ...metricFields(context), dataPointType: EXPONENTIAL_HISTOGRAM, dataPoints };
  }

  /** Returns the difference to the value last reported. A total that decreased was reset at its source: all of it is new. */
  #difference(series: NumberSeries, descriptor: InstrumentDescriptor): number {
    const { value: total } = series;
    const before = (this.#lastReported.get(series) as number | undefined) ?? 0;
    this.#lastReported.set(series, total);
    return total < before && !takesNegatives(descriptor) ? total : total - before;
  }

  /** Returns the difference of a histogram. Only one reader (OTLP) reports extremes, so the series can hold those of its interval. */
  #histogramDifference(series: HistogramSeries): Histogram {
    const { min, max } = series;
    const cumulative = histogramOf(series);
    const hasExtremes = this.#ownsExtremes && cumulative.min !== undefined;
    const total = hasExtremes ? { ...cumulative, min, max } : withoutExtremes(cumulative);
    const before = this.#lastReported.get(series) as Histogram | undefined;
    this.#lastReported.set(series, total);
    if (this.#ownsExtremes) series.resetExtremes();
    if (before === undefined) return total;
    const counts = total.buckets.counts.map(
      (count, index) => count - before.buckets.counts[index]!,
    );
    return {
      ...total,
      buckets: { boundaries: total.buckets.boundaries, counts },
      count: total.count - before.count,
      ...(total.sum !== undefined && { sum: total.sum - (before.sum ?? 0) }),
    };
  }
}

interface PointContext {
  readonly descriptor: InstrumentDescriptor;
  readonly aggregationTemporality: AggregationTemporality;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly labels: Attributes | undefined;
  readonly filter: SeriesFilter;
}

function metricFields(
  context: PointContext,
): Pick<PointContext, "descriptor" | "aggregationTemporality"> {
  return { descriptor: context.descriptor, aggregationTemporality: context.aggregationTemporality };
}

function pointOf<Value>(
  context: PointContext,
  { table }: StoreInstrument,
  series: { readonly attributes: Attributes },
  value: Value,
): DataPoint<Value> {
  const { endTime, labels } = context;
  const all = labels === undefined ? series.attributes : { ...series.attributes, ...labels };
  const createdAt = table.createdAt(series);
  const startTime =
    createdAt === undefined ? context.startTime : laterTime(hrTimeOf(createdAt), context.startTime);
  return { startTime, endTime, attributes: all, value };
}

/** Has a type of its own, which the SDK's union of types doesn't know. */
function summaryData(instrument: SummaryInstrument, context: PointContext): MetricData {
  const dataPoints: SummaryPoint[] = [];
  for (const series of instrument.table) {
    if (series.count > 0) dataPoints.push(pointOf(context, instrument, series, series.value()));
  }
  return { ...metricFields(context), dataPointType: SUMMARY, dataPoints } as unknown as MetricData;
}

function isSummaryInstrument(instrument: StoreInstrument): instrument is SummaryInstrument {
  return instrument.descriptor.kind === "summary";
}

function histogramOf(series: HistogramSeries): PageHistogram {
  const { descriptor } = series.owner;
  const value: PageHistogram = {
    buckets: { boundaries: series.boundaries as number[], counts: series.counts.slice() },
    count: series.count,
    // Of values below zero, the sum is no total.
    ...(!takesNegatives(descriptor) && { sum: series.sum }),
    ...(series.exemplars !== undefined && { exemplars: series.exemplars.slice() }),
  };
  const extremes = series.allExtremes;
  if (extremes.min <= extremes.max && descriptor.hidesExtremes !== true)
    Object.assign(value, extremes);
  return value;
}

/** The extremes of a total are not those of an interval. */
function withoutExtremes({ min: _min, max: _max, ...rest }: Histogram): Histogram {
  return rest;
}

function withExponentialBuckets(
  { count, sum, min, max, exemplars }: PageHistogram,
  buckets: ExponentialBuckets,
): ExponentialPageHistogram {
  const extremes = min === undefined || max === undefined ? {} : { min, max };
  return {
    count,
    ...(sum !== undefined && { sum }),
    ...extremes,
    ...buckets.value(),
    ...(exemplars && { exemplars }),
  };
}

interface NumberSeries {
  readonly attributes: Attributes;
  readonly value: number;
  readonly exemplar?: Exemplar | undefined;
}

type NumberInstrument = Exclude<StoreInstrument, HistogramInstrument | SummaryInstrument>;

function* currentSeries(
  instrument: NumberInstrument,
  round: number,
): IterableIterator<NumberSeries> {
  if (instrument instanceof ObservableInstrument) {
    for (const series of instrument.table) if (series.round === round) yield series;
  } else if (
    instrument instanceof CounterInstrument ||
    instrument instanceof UpDownCounterInstrument
  ) {
    yield* instrument.table;
  } else {
    for (const series of instrument.table) if (series.count > 0) yield series;
  }
}
