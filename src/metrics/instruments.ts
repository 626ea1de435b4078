import type {
  Attributes,
  Context,
  Counter,
  Gauge,
  Histogram,
  SpanContext,
  UpDownCounter,
} from "@opentelemetry/api";
import type { Redactor } from "../redaction/redactor.ts";
import { INT, type InstrumentDescriptor } from "./descriptor.ts";
import { type ExponentialReaders, type ExponentialSlot, slotsOf } from "./exponential-slots.ts";
import { exemplarContext, type ExemplarFilter } from "./exemplars.ts";
import {
  type BoundGauge,
  type BoundRecorder,
  type BoundSum,
  CounterSeries,
  GaugeSeries,
  HistogramSeries,
  type SeriesOwner,
  UpDownCounterSeries,
} from "./series.ts";
import type { SeriesChanges } from "./series/series-changes.ts";
import { CARDINALITY_LIMIT, SeriesTable, type SeriesTableOptions } from "./series-table.ts";

export interface BindableSum extends Counter, UpDownCounter {
  /** Returns the series of these attributes, which are copied. It stays valid for the life of the process. */
  bind(attributes?: Attributes): BoundSum;
}

export interface BindableRecorder extends Histogram, Gauge {
  /** Returns the series of these attributes, which are copied. It stays valid for the life of the process. */
  bind(attributes?: Attributes): BoundRecorder;
}

/** The kinds of problems that an instrument reports, each at most once a minute. */
export type InstrumentProblem = "instrument" | "value" | "labels" | "overflow" | "callback";

/** Reports a problem of one instrument. */
export type InstrumentReporter = (kind: InstrumentProblem, name: string, what: string) => void;

/** What all instruments of one meter share. */
export interface InstrumentDeps {
  readonly report: InstrumentReporter;
  readonly exemplarFilter: ExemplarFilter;
  readonly redactor: Redactor;
  /** The readers that need exponential buckets of histograms. */
  readonly exponential: ExponentialReaders;
  readonly changes: SeriesChanges;
}

/** Where the measurements of an instrument go: to its own series, or to those of its streams. */
export interface SeriesLookup<Bound> {
  seriesFor(attributes: Attributes | undefined): Bound;
  bind(attributes: Attributes | undefined): Bound;
}

/** The base of all synchronous instruments: a descriptor and its series. */
abstract class Instrument<Series extends object & Bound, Bound> implements SeriesOwner {
  readonly descriptor: InstrumentDescriptor;
  readonly integer: boolean;
  readonly boundaries: readonly number[];
  readonly exponentialSlots: readonly ExponentialSlot[];
  readonly changes: SeriesChanges;
  readonly table: SeriesTable<Series>;
  /** The table, unless views make streams of the instrument. */
  lookup: SeriesLookup<Bound>;
  readonly #report: InstrumentReporter;
  readonly #exemplarFilter: ExemplarFilter;
  #hasRejected = false;

  constructor(descriptor: InstrumentDescriptor, deps: InstrumentDeps) {
    this.#exemplarFilter = deps.exemplarFilter;
    this.descriptor = descriptor;
    this.integer = descriptor.valueType === INT;
    this.boundaries = descriptor.boundaries;
    this.changes = deps.changes;
    this.exponentialSlots = slotsOf(descriptor, deps.exponential);
    const options = seriesTableOptions(descriptor, deps);
    this.table = new SeriesTable((attributes) => this.create(attributes), options);
    this.lookup = this.table;
    this.#report = deps.report;
  }

  protected abstract create(attributes: Attributes): Series;

  /** Reports the first ignored value. */
  reject(value: unknown, why: string): void {
    if (this.#hasRejected) return;
    this.#hasRejected = true;
    this.#report("value", this.descriptor.name, `ignored ${describeValue(value)}: ${why}`);
  }

  /** Returns the context of the exemplar's span, if the filter accepts it. */
  exemplarContext(context: Context | undefined): SpanContext | undefined {
    return exemplarContext(this.#exemplarFilter, context);
  }

  /** Reports attributes whose getters throw: the app's call must not fail because of them. */
  protected reportUnreadableAttributes(error: unknown): void {
    this.#report(
      "value",
      this.descriptor.name,
      `ignored a value: its attributes can't be read (${describeValue(error)})`,
    );
  }
}

abstract class SumInstrument<Series extends BoundSum & object>
  extends Instrument<Series, BoundSum>
  implements BindableSum
{
  add(value: number, attributes?: Attributes): void {
    try {
      this.lookup.seriesFor(attributes).add(value);
    } catch (error) {
      this.reportUnreadableAttributes(error);
    }
  }

  bind(attributes?: Attributes): BoundSum {
    return this.lookup.bind(attributes);
  }
}

export abstract class RecorderInstrument<
  Series extends Bound & object,
  Bound extends BoundRecorder = BoundRecorder,
>
  extends Instrument<Series, Bound>
  implements BindableRecorder
{
  record(value: number, attributes?: Attributes): void {
    try {
      this.lookup.seriesFor(attributes).record(value);
    } catch (error) {
      this.reportUnreadableAttributes(error);
    }
  }

  bind(attributes?: Attributes): BoundRecorder {
    return this.lookup.bind(attributes);
  }
}

export class CounterInstrument extends SumInstrument<CounterSeries> {
  override add(value: number, attributes?: Attributes, context?: Context): void {
    try {
      this.lookup.seriesFor(attributes).add(value, this.exemplarContext(context));
    } catch (error) {
      this.reportUnreadableAttributes(error);
    }
  }

  protected create(attributes: Attributes): CounterSeries {
    return new CounterSeries(attributes, this);
  }
}

export class UpDownCounterInstrument extends SumInstrument<UpDownCounterSeries> {
  protected create(attributes: Attributes): UpDownCounterSeries {
    return new UpDownCounterSeries(attributes, this);
  }
}

export class HistogramInstrument extends RecorderInstrument<HistogramSeries> {
  override record(value: number, attributes?: Attributes, context?: Context): void {
    try {
      this.lookup.seriesFor(attributes).record(value, this.exemplarContext(context));
    } catch (error) {
      this.reportUnreadableAttributes(error);
    }
  }

  protected create(attributes: Attributes): HistogramSeries {
    return new HistogramSeries(attributes, this);
  }
}

export class GaugeInstrument extends RecorderInstrument<GaugeSeries, BoundGauge> {
  protected create(attributes: Attributes): GaugeSeries {
    return new GaugeSeries(attributes, this);
  }
}

export type SyncInstrument =
  | CounterInstrument
  | UpDownCounterInstrument
  | HistogramInstrument
  | GaugeInstrument;

/** Returns the options of an instrument's series, which report what is wrong with their attributes. */
export function seriesTableOptions(
  descriptor: InstrumentDescriptor,
  { report, redactor }: Pick<InstrumentDeps, "report" | "redactor">,
): SeriesTableOptions {
  const { name, labels, cardinalityLimit: limit = CARDINALITY_LIMIT } = descriptor;
  return {
    redactor,
    limit,
    dropped: descriptor.droppedAttributes,
    declared: labels && new Set(labels),
    expires: descriptor.expires === true,
    onOverflow: () => report("overflow", name, overflowMessage(limit)),
    onOtherNames: (names) => report("labels", name, otherNamesMessage(names, labels ?? [])),
  };
}

function overflowMessage(limit: number): string {
  return (
    `has ${limit} series, its limit; measurements with further attributes are added up in one series, otel_metric_overflow="true": ` +
    "use attributes with fewer values, leave one out (TELLTALE_METRICS_DROP_ATTRIBUTES), or set TELLTALE_METRICS_CARDINALITY_LIMIT"
  );
}

function otherNamesMessage(received: readonly string[], labels: readonly string[]): string {
  return `recorded with ${namesText(received)}, expected ${namesText(labels)}; other labels are left out, absent ones are empty`;
}

function namesText(names: readonly string[]): string {
  if (names.length === 0) return "no labels";
  const shown = names.slice(0, 10).map((name) => name.slice(0, 40));
  return `the labels ${shown.join(", ")}${names.length > 10 ? ", …" : ""}`;
}

/** Describes any value for a message. Never throws. */
export function describeValue(value: unknown): string {
  try {
    return `${typeof value} ${String(value).slice(0, 80)}`;
  } catch {
    return typeof value;
  }
}
