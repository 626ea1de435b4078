import type {
  BatchObservableCallback,
  MeterOptions,
  MetricOptions,
  Observable,
} from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import {
  type FlushOptions,
  type ProviderFlushDeps,
  ProviderFlush,
} from "../export/provider-flush.ts";
import { createScope } from "../instrumentation-scope.ts";
import { propertyOf } from "../property.ts";
import {
  createInstrumentDescriptor,
  type InstrumentDescriptor,
  type InstrumentKind,
  isSameInstrument,
} from "./descriptor.ts";
import type { ExemplarFilter } from "./exemplars.ts";
import {
  type InstrumentReporter,
  CounterInstrument,
  describeValue,
  GaugeInstrument,
  HistogramInstrument,
  type SyncInstrument,
  UpDownCounterInstrument,
} from "./instruments.ts";
import { type ObservableRegistry, ObservableInstrument } from "./observable-registry.ts";
import { noopMeter } from "./noop.ts";
import type { StoreMeter, FlushableMeterProvider } from "./store-meter.ts";

export type { BindableRecorder, BindableSum } from "./instruments.ts";
export type { BoundRecorder, BoundSum } from "./series.ts";

export type StoreInstrument = SyncInstrument | ObservableInstrument;

/** What meters share. */
export interface MeterSharedState {
  readonly observableRegistry: ObservableRegistry;
  /** False once the process has more instruments than any app means to have. */
  tryRegister(): boolean;
  readonly exemplarFilter: ExemplarFilter;
  /** A line about how an instrument was made. */
  readonly warn: InstrumentReporter;
  /** A line about a value that was ignored. */
  readonly debug: InstrumentReporter;
  readonly flush: ProviderFlushDeps;
}

export class ScopeMeter implements StoreMeter {
  readonly scope: InstrumentationScope;
  readonly #sharedState: MeterSharedState;
  readonly #instruments = new Map<string, StoreInstrument[]>();

  constructor(scope: InstrumentationScope, sharedState: MeterSharedState) {
    this.scope = scope;
    this.#sharedState = sharedState;
  }

  *instruments(): IterableIterator<StoreInstrument> {
    for (const sameName of this.#instruments.values()) yield* sameName;
  }

  createCounter(name: string, options?: MetricOptions): CounterInstrument {
    return this.#createSync("counter", name, options, CounterInstrument);
  }

  createUpDownCounter(name: string, options?: MetricOptions): UpDownCounterInstrument {
    return this.#createSync("up_down_counter", name, options, UpDownCounterInstrument);
  }

  createHistogram(name: string, options?: MetricOptions): HistogramInstrument {
    return this.#createSync("histogram", name, options, HistogramInstrument);
  }

  createGauge(name: string, options?: MetricOptions): GaugeInstrument {
    return this.#createSync("gauge", name, options, GaugeInstrument);
  }

  createObservableCounter(name: string, options?: MetricOptions): ObservableInstrument {
    return this.#createObservable("observable_counter", name, options);
  }

  createObservableUpDownCounter(name: string, options?: MetricOptions): ObservableInstrument {
    return this.#createObservable("observable_up_down_counter", name, options);
  }

  createObservableGauge(name: string, options?: MetricOptions): ObservableInstrument {
    return this.#createObservable("observable_gauge", name, options);
  }

  addBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void {
    this.#sharedState.observableRegistry.addBatch(callback, observables);
  }

  removeBatchObservableCallback(
    callback: BatchObservableCallback,
    observables: Observable[],
  ): void {
    this.#sharedState.observableRegistry.removeBatch(callback, observables);
  }

  #createSync<Type extends SyncInstrument>(
    kind: InstrumentKind,
    name: string,
    options: MetricOptions | undefined,
    type: new (
      descriptor: InstrumentDescriptor,
      report: InstrumentReporter,
      exemplarFilter: ExemplarFilter,
    ) => Type,
  ): Type {
    return this.#getOrCreate(
      kind,
      name,
      options,
      (descriptor) =>
        new type(descriptor, this.#sharedState.debug, this.#sharedState.exemplarFilter),
    ) as Type;
  }

  #createObservable(
    kind: InstrumentKind,
    name: string,
    options: MetricOptions | undefined,
  ): ObservableInstrument {
    return this.#getOrCreate(
      kind,
      name,
      options,
      (descriptor) =>
        new ObservableInstrument(
          descriptor,
          this.#sharedState.observableRegistry,
          this.#sharedState.debug,
        ),
    ) as ObservableInstrument;
  }

  /** The instrument of this identity (specification, metrics/sdk.md, duplicate instrument registration). */
  #getOrCreate(
    kind: InstrumentKind,
    name: unknown,
    options: MetricOptions | undefined,
    create: (descriptor: InstrumentDescriptor) => StoreInstrument,
  ): StoreInstrument {
    const text = typeof name === "string" ? name : describeValue(name);
    const report = (what: string): void => this.#sharedState.warn(text, what);
    const descriptor = createInstrumentDescriptor(kind, text, options, report);
    const sameName = this.#instruments.get(text.toLowerCase()) ?? [];
    const known = sameName.find((other) => isSameInstrument(other.descriptor, descriptor));
    if (known !== undefined) return this.#reuse(known, descriptor, report);
    if (sameName.length > 0) report(conflictMessage(sameName[0]!.descriptor, descriptor));
    const instrument = create(descriptor);
    if (!this.#sharedState.tryRegister()) return instrument;
    this.#instruments.set(text.toLowerCase(), [...sameName, instrument]);
    return instrument;
  }

  #reuse(
    known: StoreInstrument,
    wanted: InstrumentDescriptor,
    report: (what: string) => void,
  ): StoreInstrument {
    const first = known.descriptor;
    if (first.name !== wanted.name)
      report(`it is the same instrument as "${first.name}", made before`);
    if (wanted.description !== "" && first.description !== wanted.description) {
      report("it was made before with another description, which stays");
    }
    return known;
  }
}

/** The API's `MeterProvider`: one meter for each name, version and schema. */
export class StoreMeterProvider implements FlushableMeterProvider {
  readonly #sharedState: MeterSharedState;
  readonly #flush: ProviderFlush;
  readonly #meters = new Map<string, ScopeMeter>();

  constructor(sharedState: MeterSharedState) {
    this.#sharedState = sharedState;
    this.#flush = new ProviderFlush(sharedState.flush);
  }

  /** After `shutdown` it gives a meter that keeps nothing, but for one that was there before. */
  getMeter(name: string, version?: string, options?: MeterOptions): StoreMeter {
    const scope = createScope(name, version, propertyOf(options, "schemaUrl"));
    const key = JSON.stringify([scope.name, scope.version, scope.schemaUrl]);
    let meter = this.#meters.get(key);
    if (meter === undefined) {
      if (this.#flush.isShutDown) return noopMeter;
      meter = new ScopeMeter(scope, this.#sharedState);
      this.#meters.set(key, meter);
    }
    return meter;
  }

  /** Sends the numbers of this moment. Never rejects. */
  forceFlush(options?: FlushOptions): Promise<void> {
    return this.#flush.forceFlush(options);
  }

  /** Sends the numbers a last time. Never rejects. */
  shutdown(options?: FlushOptions): Promise<void> {
    return this.#flush.shutdown(options);
  }

  meters(): IterableIterator<ScopeMeter> {
    return this.#meters.values();
  }
}

/** Both are kept and both are exported, as the specification asks: the numbers are not wrong, the names are. */
function conflictMessage(first: InstrumentDescriptor, wanted: InstrumentDescriptor): string {
  return (
    `it exists as ${describeInstrument(first)} and is now wanted as ${describeInstrument(wanted)}; ` +
    "both are kept, but not every reader can show both"
  );
}

function describeInstrument(descriptor: InstrumentDescriptor): string {
  const number = descriptor.valueType === 0 ? "integers" : "floats";
  return `${descriptor.kind} of ${number}, unit "${descriptor.unit}"`;
}
