import type { Attributes, SpanContext } from "@opentelemetry/api";
import { type InstrumentDescriptor, isGauge, takesNegatives } from "../descriptor.ts";
import {
  CounterInstrument,
  GaugeInstrument,
  HistogramInstrument,
  type InstrumentDeps,
  type SeriesLookup,
  type SyncInstrument,
  UpDownCounterInstrument,
} from "../instruments.ts";
import { type CallbackRegistry, ObservableInstrument } from "../observable-instrument.ts";
import { type BoundGauge, type BoundRecorder, type BoundSum, GaugeSeries } from "../series.ts";
import type { SummaryInstrument } from "../series/summary-instrument.ts";

export type StoreInstrument = SyncInstrument | SummaryInstrument | ObservableInstrument;

/** Creates one of the streams that views make of an instrument: an instrument of its own. */
export function createStream(
  instrument: StoreInstrument,
  descriptor: InstrumentDescriptor,
  deps: InstrumentDeps,
): StoreInstrument {
  if (instrument instanceof ObservableInstrument)
    return new ObservableInstrument(descriptor, noCallbacks, deps, instrument.isOwn);
  if ("createStream" in instrument) return instrument.createStream(descriptor, deps);
  const { aggregation, kind } = descriptor;
  if (aggregation === "histogram" || (aggregation === undefined && kind === "histogram"))
    return new HistogramInstrument(descriptor, deps);
  if (isGauge(descriptor)) return new GaugeInstrument(descriptor, deps);
  const type = takesNegatives(descriptor) ? UpDownCounterInstrument : CounterInstrument;
  return new type(descriptor, deps);
}

/** The callbacks are those of the instrument. */
const noCallbacks: CallbackRegistry = { add: () => {}, remove: () => {} };

/** Makes an instrument record into streams, and no longer into series of its own. */
export function divide(instrument: StoreInstrument, streams: readonly StoreInstrument[]): void {
  if (instrument instanceof ObservableInstrument)
    instrument.streams = streams.filter((stream) => stream instanceof ObservableInstrument);
  else instrument.lookup = lookupOf(instrument, streams as SyncStream[]);
}

function lookupOf(
  instrument: SyncStream,
  streams: readonly SyncStream[],
): SeriesLookup<SeriesOfStreams> {
  const [first] = streams;
  // A single stream with the same kind of series costs no more than the instrument's own.
  if (streams.length === 1 && first?.descriptor.aggregation === undefined)
    return first?.table as unknown as SeriesLookup<SeriesOfStreams>;
  return new StreamsLookup(instrument, streams);
}

type SyncStream = Exclude<StoreInstrument, ObservableInstrument>;

/** Looks up the series of each stream, whose attributes differ. */
class StreamsLookup implements SeriesLookup<SeriesOfStreams> {
  readonly #instrument: SyncStream;
  readonly #streams: readonly SyncStream[];

  constructor(instrument: SyncStream, streams: readonly SyncStream[]) {
    this.#instrument = instrument;
    this.#streams = streams;
  }

  seriesFor(attributes: Attributes | undefined): SeriesOfStreams {
    const series = this.#streams.map(({ table }) => table.seriesFor(attributes));
    return new SeriesOfStreams(this.#instrument, series);
  }

  bind(attributes: Attributes | undefined): SeriesOfStreams {
    const series = this.#streams.map(({ table }) => table.bind(attributes));
    return new SeriesOfStreams(this.#instrument, series);
  }
}

/** One series of each stream. All get the same measurements. */
class SeriesOfStreams implements BoundSum, BoundGauge {
  readonly #instrument: SyncStream;
  readonly #series: readonly (BoundSum | BoundRecorder)[];

  constructor(instrument: SyncStream, series: readonly (BoundSum | BoundRecorder)[]) {
    this.#instrument = instrument;
    this.#series = series;
  }

  /** Of a gauge, which can also add to its last value, the streams with another aggregation get the difference. */
  add(value: number, exemplarContext?: SpanContext): void {
    if (this.#instrument.descriptor.kind !== "gauge") this.record(value, exemplarContext);
    else for (const one of this.#series) addTo(one, value, exemplarContext);
  }

  record(value: number, exemplarContext?: SpanContext): void {
    const why = whyRejected(this.#instrument.descriptor, value);
    if (why !== undefined) {
      this.#instrument.reject(value, why);
      return;
    }
    for (const one of this.#series) {
      if ("record" in one) one.record(value, exemplarContext);
      else one.add(value, exemplarContext);
    }
  }
}

function addTo(
  series: BoundSum | BoundRecorder,
  value: number,
  exemplarContext: SpanContext | undefined,
): void {
  if (series instanceof GaugeSeries || !("record" in series)) series.add(value);
  else series.record(value, exemplarContext);
}

/** Returns why an instrument doesn't take a value, whatever its streams do with it. */
function whyRejected(descriptor: InstrumentDescriptor, value: unknown): string | undefined {
  if (typeof value !== "number" || value !== value) return `a ${descriptor.kind} takes numbers`;
  if (descriptor.kind === "gauge") return undefined;
  if (value === Infinity || value === -Infinity) return `a ${descriptor.kind} takes finite numbers`;
  if (value >= 0 || takesNegatives(descriptor)) return undefined;
  return `a ${descriptor.kind} takes numbers from 0 up`;
}
