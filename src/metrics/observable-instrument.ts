import type { Attributes, Observable, ObservableCallback } from "@opentelemetry/api";
import { INT, type InstrumentDescriptor, isGauge } from "./descriptor.ts";
import {
  describeValue,
  type InstrumentDeps,
  type InstrumentReporter,
  seriesTableOptions,
} from "./instruments.ts";
import { ObservedSeries } from "./series.ts";
import { SeriesTable } from "./series-table.ts";

/** The part of the registry that an instrument uses. */
export interface CallbackRegistry {
  add(callback: ObservableCallback, instrument: ObservableInstrument): void;
  remove(callback: ObservableCallback, instrument: ObservableInstrument): void;
}

/** An instrument whose values its callbacks observe at each collection. */
export class ObservableInstrument implements Observable {
  readonly descriptor: InstrumentDescriptor;
  readonly table: SeriesTable<ObservedSeries>;
  /** Whether it is telltale's, about whose callbacks an app can do nothing. */
  readonly isOwn: boolean;
  /** The streams that views make of it, which store its values in its place. */
  streams: readonly ObservableInstrument[] | undefined = undefined;
  readonly #callbacks: CallbackRegistry;
  readonly #report: InstrumentReporter;
  #hasRejected = false;

  constructor(
    descriptor: InstrumentDescriptor,
    callbacks: CallbackRegistry,
    deps: Pick<InstrumentDeps, "report" | "redactor">,
    isOwn: boolean,
  ) {
    this.isOwn = isOwn;
    this.descriptor = descriptor;
    const options = seriesTableOptions(descriptor, deps);
    this.table = new SeriesTable((attributes) => new ObservedSeries(attributes), options);
    this.#callbacks = callbacks;
    this.#report = deps.report;
  }

  addCallback(callback: ObservableCallback): void {
    this.#callbacks.add(callback, this);
  }

  removeCallback(callback: ObservableCallback): void {
    this.#callbacks.remove(callback, this);
  }

  /** Stores an observed value. Never throws: the app's callback calls it. */
  observe(round: number, value: number, attributes: Attributes | undefined): void {
    if (this.streams !== undefined) {
      for (const stream of this.streams) stream.observe(round, value, attributes);
      return;
    }
    const accepted = this.#validate(value);
    if (accepted === undefined) return;
    const series = this.#seriesFor(attributes);
    if (series === undefined) return;
    const isRepeated = series.round === round;
    // Values in the overflow series add up; otherwise the last value of a round is used.
    series.value =
      isRepeated && this.table.isOverflow(series) && !isGauge(this.descriptor)
        ? series.value + accepted
        : accepted;
    series.round = round;
  }

  #seriesFor(attributes: Attributes | undefined): ObservedSeries | undefined {
    try {
      return this.table.seriesFor(attributes);
    } catch (error) {
      const why = `its attributes can't be read (${describeValue(error)})`;
      this.#report("value", this.descriptor.name, `ignored an observed value: ${why}`);
      return undefined;
    }
  }

  #validate(value: unknown): number | undefined {
    if (typeof value !== "number" || Number.isNaN(value)) return this.#reject(value);
    if (this.descriptor.kind === "observable_counter" && value < 0) return this.#reject(value);
    return this.descriptor.valueType === INT ? Math.trunc(value) : value;
  }

  #reject(value: unknown): undefined {
    if (this.#hasRejected) return undefined;
    this.#hasRejected = true;
    const expected =
      this.descriptor.kind === "observable_counter" ? "numbers from 0 up" : "numbers";
    const why = `its callback must observe ${expected}`;
    this.#report("value", this.descriptor.name, `ignored ${describeValue(value)}: ${why}`);
    return undefined;
  }
}

/** Checks for an instrument of the store. */
export function isOwnObservable(observable: unknown): observable is ObservableInstrument {
  try {
    return observable instanceof ObservableInstrument;
  } catch {
    // A revoked proxy.
    return false;
  }
}
