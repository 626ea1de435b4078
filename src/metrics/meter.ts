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
import { noRedactor, type Redactor } from "../redaction/redactor.ts";
import {
  createInstrumentDescriptor,
  type InstrumentDescriptor,
  type InstrumentKind,
  isSameInstrument,
} from "./descriptor.ts";
import type { ExemplarFilter } from "./exemplars.ts";
import {
  type InstrumentDeps,
  type InstrumentReporter,
  CounterInstrument,
  describeValue,
  GaugeInstrument,
  HistogramInstrument,
  type SyncInstrument,
  UpDownCounterInstrument,
} from "./instruments.ts";
import { noopMeter } from "./noop.ts";
import { ObservableInstrument } from "./observable-instrument.ts";
import type { ObservableRegistry } from "./observable-registry.ts";
import type { StoreMeter, FlushableMeterProvider } from "./store-meter.ts";

export type { BindableRecorder, BindableSum } from "./instruments.ts";
export type { BoundRecorder, BoundSum } from "./series.ts";

export type StoreInstrument = SyncInstrument | ObservableInstrument;

/** The scope of telltale's own metrics, whose attributes have no secrets. */
export const OWN_SCOPE = "telltale";

/** State shared by all meters. */
export interface MeterSharedState {
  readonly observableRegistry: ObservableRegistry;
  /** Counts an instrument; returns false above the limit for the process. */
  tryRegister(): boolean;
  readonly exemplarFilter: ExemplarFilter;
  readonly redactor: Redactor;
  /** Reports a problem with the creation of an instrument. */
  readonly warn: InstrumentReporter;
  /** Reports an ignored value. */
  readonly debug: InstrumentReporter;
  readonly flush: ProviderFlushDeps;
}

/** The API's `Meter` for one scope. */
export class ScopeMeter implements StoreMeter {
  readonly scope: InstrumentationScope;
  readonly #sharedState: MeterSharedState;
  readonly #instrumentDeps: InstrumentDeps;
  readonly #instruments = new Map<string, StoreInstrument[]>();

  constructor(scope: InstrumentationScope, sharedState: MeterSharedState) {
    this.scope = scope;
    this.#sharedState = sharedState;
    const { debug: report, exemplarFilter, redactor } = sharedState;
    const isOwn = scope.name === OWN_SCOPE;
    this.#instrumentDeps = { report, exemplarFilter, redactor: isOwn ? noRedactor : redactor };
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
    type: new (descriptor: InstrumentDescriptor, deps: InstrumentDeps) => Type,
  ): Type {
    return this.#getOrCreate(
      kind,
      name,
      options,
      (descriptor) => new type(descriptor, this.#instrumentDeps),
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
          this.#instrumentDeps,
        ),
    ) as ObservableInstrument;
  }

  /** Returns the instrument of this identity (specification, metrics/sdk.md, duplicate instrument registration). */
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
    requested: InstrumentDescriptor,
    report: (what: string) => void,
  ): StoreInstrument {
    const first = known.descriptor;
    if (first.name !== requested.name)
      report(`same instrument as "${first.name}", created earlier`);
    if (requested.description !== "" && first.description !== requested.description) {
      report("already created with another description, which is kept");
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

  /** Returns a meter; after `shutdown`, a no-op meter for a scope without one. */
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

  /** Exports the current values. Never rejects. */
  forceFlush(options?: FlushOptions): Promise<void> {
    return this.#flush.forceFlush(options);
  }

  /** Exports the values a last time. Never rejects. */
  shutdown(options?: FlushOptions): Promise<void> {
    return this.#flush.shutdown(options);
  }

  meters(): IterableIterator<ScopeMeter> {
    return this.#meters.values();
  }
}

/** Describes a conflict. Both instruments are kept and exported, as the specification requires. */
function conflictMessage(first: InstrumentDescriptor, requested: InstrumentDescriptor): string {
  return (
    `already created as ${describeInstrument(first)}, now requested as ${describeInstrument(requested)}; ` +
    "both are kept, but some readers cannot show both"
  );
}

function describeInstrument(descriptor: InstrumentDescriptor): string {
  const number = descriptor.valueType === 0 ? "integers" : "floats";
  return `${descriptor.kind} of ${number}, unit "${descriptor.unit}"`;
}
