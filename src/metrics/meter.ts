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
import { lazy } from "../lazy.ts";
import { createScope } from "../instrumentation-scope.ts";
import { propertyOf } from "../property.ts";
import { noRedactor, type Redactor } from "../redaction/redactor.ts";
import {
  createInstrumentDescriptor,
  type InstrumentDescriptor,
  type InstrumentKind,
  type InstrumentOptions,
  isSameInstrument,
} from "./descriptor.ts";
import type { ExemplarFilter } from "./exemplars.ts";
import type { ExponentialReaders } from "./exponential-slots.ts";
import {
  type BindableRecorder,
  type BindableSum,
  type InstrumentDeps,
  type InstrumentReporter,
  CounterInstrument,
  describeValue,
  GaugeInstrument,
  HistogramInstrument,
  type SyncInstrument,
  UpDownCounterInstrument,
} from "./instruments.ts";
import { noopMeter, noopObservable, noopRecorder, noopSum } from "./noop.ts";
import { ObservableInstrument } from "./observable-instrument.ts";
import type { ObservableRegistry } from "./observable-registry.ts";
import type { SeriesChanges } from "./series/series-changes.ts";
import type { StoreMeter, FlushableMeterProvider } from "./store-meter.ts";
import type { SummaryInstrument, SummaryOptions } from "./series/summary-instrument.ts";
import type { DividedInstruments } from "./views/divided-instruments.ts";
import type { StoreInstrument } from "./views/streams.ts";

const loadSummaries = lazy<typeof import("./series/summary-instrument.ts")>(
  "metrics/series/summary-instrument.ts",
);

const loadDivided = lazy<typeof import("./views/divided-instruments.ts")>(
  "metrics/views/divided-instruments.ts",
);

export type { BindableRecorder, BindableSum } from "./instruments.ts";
export type { BoundRecorder, BoundSum } from "./series.ts";
export type { StoreInstrument } from "./views/streams.ts";

/** The scope of telltale's own metrics, whose attributes have no secrets. */
export const OWN_SCOPE = "telltale";

/** State shared by all meters. */
export interface MeterSharedState {
  readonly observableRegistry: ObservableRegistry;
  /** Counts an instrument; returns false above the limit for the process. */
  tryRegister(): boolean;
  readonly exemplarFilter: ExemplarFilter;
  readonly redactor: Redactor;
  readonly report: InstrumentReporter;
  readonly changes: SeriesChanges;
  readonly flush: ProviderFlushDeps;
  readonly exponential: ExponentialReaders;
  /** Returns what an instrument is exported as; none if it is dropped. */
  readonly streamsOf: (
    descriptor: InstrumentDescriptor,
    scope: InstrumentationScope,
  ) => readonly InstrumentDescriptor[];
}

/** Names of attributes whose values the app has chosen: of operations, events, jobs, caches, limiters. */
const APP_NAME = /^telltale\./;

/**
 * Returns the redactor of telltale's own metrics, which reads only the names that the app
 * has chosen: `auth:6379` as a pool of connections looks like a secret, and is none.
 */
function ownRedactor(redactor: Redactor): Redactor {
  return {
    ...noRedactor,
    attributes(attributes) {
      if (!Object.keys(attributes).some((name) => APP_NAME.test(name))) return attributes;
      return Object.fromEntries(
        Object.entries(attributes).map(([name, value]: [string, unknown]) => [
          name,
          APP_NAME.test(name) ? redactor.field(name, value) : value,
        ]),
      ) as typeof attributes;
    },
    get version() {
      return redactor.version;
    },
  };
}

/** The API's `Meter` for one scope. */
export class ScopeMeter implements StoreMeter {
  readonly scope: InstrumentationScope;
  readonly #sharedState: MeterSharedState;
  /** What is exported: instruments, and the streams of those that views divide. */
  readonly #instruments = new Map<string, StoreInstrument[]>();
  #divided: DividedInstruments | undefined = undefined;

  constructor(scope: InstrumentationScope, sharedState: MeterSharedState) {
    this.scope = scope;
    this.#sharedState = sharedState;
  }

  *instruments(): IterableIterator<StoreInstrument> {
    for (const sameName of this.#instruments.values()) yield* sameName;
  }

  /** Applies views again to the instruments that have no series yet. */
  describeAgain(): void {
    this.#dividedInstruments().describeAgain();
  }

  createCounter(name: string, options?: InstrumentOptions): BindableSum {
    return this.#create("counter", name, options, CounterInstrument) ?? noopSum;
  }

  createUpDownCounter(name: string, options?: InstrumentOptions): BindableSum {
    const counter = this.#create("up_down_counter", name, options, UpDownCounterInstrument);
    return counter ?? noopSum;
  }

  createHistogram(name: string, options?: InstrumentOptions): BindableRecorder {
    const histogram = this.#create("histogram", name, options, HistogramInstrument);
    return histogram ?? noopRecorder;
  }

  createGauge(name: string, options?: InstrumentOptions): BindableRecorder {
    return this.#create("gauge", name, options, GaugeInstrument) ?? noopRecorder;
  }

  createSummary(name: string, options?: SummaryOptions): BindableRecorder {
    const summary = this.#getOrCreate("summary", name, options, (descriptor) =>
      loadSummaries().createSummary(descriptor, this.#depsOf(descriptor), options),
    );
    return (summary as SummaryInstrument | undefined) ?? noopRecorder;
  }

  createObservableCounter(name: string, options?: MetricOptions): Observable {
    return this.#createObservable("observable_counter", name, options);
  }

  createObservableUpDownCounter(name: string, options?: MetricOptions): Observable {
    return this.#createObservable("observable_up_down_counter", name, options);
  }

  createObservableGauge(name: string, options?: MetricOptions): Observable {
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

  #create<Type extends SyncInstrument>(
    kind: InstrumentKind,
    name: string,
    options: InstrumentOptions | undefined,
    type: new (descriptor: InstrumentDescriptor, deps: InstrumentDeps) => Type,
  ): Type | undefined {
    return this.#getOrCreate(
      kind,
      name,
      options,
      (descriptor) => new type(descriptor, this.#depsOf(descriptor)),
    ) as Type | undefined;
  }

  #createObservable(
    kind: InstrumentKind,
    name: string,
    options: MetricOptions | undefined,
  ): Observable {
    const observable = this.#getOrCreate(
      kind,
      name,
      options,
      (descriptor) =>
        new ObservableInstrument(
          descriptor,
          this.#sharedState.observableRegistry,
          this.#depsOf(descriptor),
          this.scope.name === OWN_SCOPE,
        ),
    ) as ObservableInstrument | undefined;
    return observable ?? noopObservable;
  }

  /** The labels of an app's instrument may have secrets, telltale's attributes have none. */
  #depsOf({ labels }: InstrumentDescriptor): InstrumentDeps {
    const isOwn = this.scope.name === OWN_SCOPE && labels === undefined;
    return isOwn
      ? { ...this.#sharedState, redactor: ownRedactor(this.#sharedState.redactor) }
      : this.#sharedState;
  }

  /** Returns the instrument of this identity; undefined if it is dropped, or in a conflict. */
  #getOrCreate(
    kind: InstrumentKind,
    name: unknown,
    options: InstrumentOptions | undefined,
    create: (descriptor: InstrumentDescriptor) => StoreInstrument,
  ): StoreInstrument | undefined {
    const text = typeof name === "string" ? name : describeValue(name);
    const report = (what: string): void => this.#sharedState.report("instrument", text, what);
    const requested = createInstrumentDescriptor(kind, text, options, report);
    const known = this.#divided?.find(requested);
    if (known !== undefined) return this.#reuse(known, requested);
    const streams = this.#sharedState.streamsOf(requested, this.scope);
    const [first] = streams;
    if (first === undefined) return undefined;
    if (streams.length === 1 && first.aggregation === undefined)
      return this.#getOrCreateStream(first, create);
    const instrument = create(requested);
    this.#dividedInstruments().add(instrument, requested, streams);
    return instrument;
  }

  #dividedInstruments(): DividedInstruments {
    return (this.#divided ??= new (loadDivided().DividedInstruments)({
      instruments: this.#instruments,
      streamsOf: (requested) => this.#sharedState.streamsOf(requested, this.scope),
      depsOf: (descriptor) => this.#depsOf(descriptor),
      getOrCreate: (...stream) => this.#getOrCreateStream(...stream),
    }));
  }

  /**
   * Returns what is exported by this descriptor (specification, metrics/sdk.md, duplicate
   * instrument registration). Undefined for one of `telltale`'s functions in a conflict.
   *
   * @param siblings the streams of the same instrument, of which none gets a measurement twice.
   */
  #getOrCreateStream(
    descriptor: InstrumentDescriptor,
    create: (descriptor: InstrumentDescriptor) => StoreInstrument,
    siblings: readonly StoreInstrument[] = [],
  ): StoreInstrument | undefined {
    const key = descriptor.name.toLowerCase();
    const sameName = this.#instruments.get(key) ?? [];
    const others = sameName.filter((other) => !siblings.includes(other));
    const known = others.find((other) => isSameInstrument(other.descriptor, descriptor));
    if (known !== undefined) return this.#reuse(known, descriptor);
    if (others.length > 0) {
      this.#report(descriptor, conflictMessage(others[0]!.descriptor, descriptor));
      if (descriptor.labels !== undefined) return undefined;
    }
    const instrument = create(descriptor);
    if (this.#sharedState.tryRegister()) this.#instruments.set(key, [...sameName, instrument]);
    return instrument;
  }

  #reuse(known: StoreInstrument, requested: InstrumentDescriptor): StoreInstrument | undefined {
    const first = known.descriptor;
    if (requested.labels !== undefined && first.labels === undefined) {
      this.#report(
        requested,
        "is a metric of telltale itself; the one of the app records nothing, rename it",
      );
      return undefined;
    }
    if (first.name !== requested.name)
      this.#report(requested, `same instrument as "${first.name}", created earlier`);
    if (String(first.labels) !== String(requested.labels))
      this.#report(requested, `already created with ${labelsText(first)}, which are kept`);
    if (requested.description !== "" && first.description !== requested.description) {
      this.#report(requested, "already created with another description, which is kept");
    }
    return known;
  }

  #report({ name }: InstrumentDescriptor, what: string): void {
    this.#sharedState.report("instrument", name, what);
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

/**
 * Describes a conflict. Both instruments of the API are kept and exported, as the
 * specification requires; of `telltale`'s functions the first.
 */
function conflictMessage(first: InstrumentDescriptor, requested: InstrumentDescriptor): string {
  const outcome =
    requested.labels === undefined
      ? "both are kept, but some readers cannot show both"
      : "the first is kept, the second records nothing";
  return `already created as ${describeInstrument(first)}, now requested as ${describeInstrument(requested)}; ${outcome}`;
}

function describeInstrument(descriptor: InstrumentDescriptor): string {
  const number = descriptor.valueType === 0 ? "integers" : "floats";
  return `${descriptor.kind} of ${number}, unit "${descriptor.unit}"`;
}

function labelsText({ labels = [] }: InstrumentDescriptor): string {
  return labels.length === 0 ? "no labels" : `the labels ${labels.join(", ")}`;
}
