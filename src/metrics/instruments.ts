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
import { exemplarContext, type ExemplarFilter } from "./exemplars.ts";
import {
  type BoundRecorder,
  type BoundSum,
  CounterSeries,
  GaugeSeries,
  HistogramSeries,
  type SeriesOwner,
  UpDownCounterSeries,
} from "./series.ts";
import { SeriesTable } from "./series-table.ts";

export interface BindableSum extends Counter, UpDownCounter {
  /** Returns the series of these attributes, which are copied. It stays valid for the life of the process. */
  bind(attributes?: Attributes): BoundSum;
}

export interface BindableRecorder extends Histogram, Gauge {
  /** Returns the series of these attributes, which are copied. It stays valid for the life of the process. */
  bind(attributes?: Attributes): BoundRecorder;
}

/** Reports a problem of one instrument, rarely. */
export type InstrumentReporter = (name: string, what: string) => void;

/** What all instruments of one meter share. */
export interface InstrumentDeps {
  readonly report: InstrumentReporter;
  readonly exemplarFilter: ExemplarFilter;
  readonly redactor: Redactor;
}

/** The base of all synchronous instruments: a descriptor and its series. */
abstract class Instrument<Series> implements SeriesOwner {
  readonly descriptor: InstrumentDescriptor;
  readonly integer: boolean;
  readonly boundaries: readonly number[];
  readonly table: SeriesTable<Series>;
  readonly #report: InstrumentReporter;
  readonly #exemplarFilter: ExemplarFilter;

  constructor(
    descriptor: InstrumentDescriptor,
    { report, exemplarFilter, redactor }: InstrumentDeps,
  ) {
    this.#exemplarFilter = exemplarFilter;
    this.descriptor = descriptor;
    this.integer = descriptor.valueType === INT;
    this.boundaries = descriptor.boundaries;
    this.table = new SeriesTable((attributes) => this.create(attributes), redactor);
    this.#report = report;
  }

  protected abstract create(attributes: Attributes): Series;

  reject(value: unknown, why: string): void {
    this.#report(this.descriptor.name, `ignored ${describeValue(value)}: ${why}`);
  }

  /** Returns the context of the exemplar's span, if the filter accepts it. */
  protected exemplarContext(context: Context | undefined): SpanContext | undefined {
    return exemplarContext(this.#exemplarFilter, context);
  }

  /** Reports attributes whose getters throw: the app's call must not fail because of them. */
  protected reportUnreadableAttributes(error: unknown): void {
    this.#report(
      this.descriptor.name,
      `ignored a value: its attributes can't be read (${describeValue(error)})`,
    );
  }
}

abstract class SumInstrument<Series extends BoundSum>
  extends Instrument<Series>
  implements BindableSum
{
  add(value: number, attributes?: Attributes): void {
    try {
      this.table.seriesFor(attributes).add(value);
    } catch (error) {
      this.reportUnreadableAttributes(error);
    }
  }

  bind(attributes?: Attributes): BoundSum {
    return this.table.seriesFor(attributes);
  }
}

abstract class RecorderInstrument<Series extends BoundRecorder>
  extends Instrument<Series>
  implements BindableRecorder
{
  record(value: number, attributes?: Attributes): void {
    try {
      this.table.seriesFor(attributes).record(value);
    } catch (error) {
      this.reportUnreadableAttributes(error);
    }
  }

  bind(attributes?: Attributes): BoundRecorder {
    return this.table.seriesFor(attributes);
  }
}

export class CounterInstrument extends SumInstrument<CounterSeries> {
  override add(value: number, attributes?: Attributes, context?: Context): void {
    try {
      this.table.seriesFor(attributes).add(value, this.exemplarContext(context));
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
      this.table.seriesFor(attributes).record(value, this.exemplarContext(context));
    } catch (error) {
      this.reportUnreadableAttributes(error);
    }
  }

  protected create(attributes: Attributes): HistogramSeries {
    return new HistogramSeries(attributes, this);
  }
}

export class GaugeInstrument extends RecorderInstrument<GaugeSeries> {
  protected create(attributes: Attributes): GaugeSeries {
    return new GaugeSeries(attributes, this);
  }
}

export type SyncInstrument =
  | CounterInstrument
  | UpDownCounterInstrument
  | HistogramInstrument
  | GaugeInstrument;

/** Describes any value for a message. Never throws. */
export function describeValue(value: unknown): string {
  try {
    return `${typeof value} ${String(value).slice(0, 80)}`;
  } catch {
    return typeof value;
  }
}
