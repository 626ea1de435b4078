import type {
  BatchObservableCallback,
  MeterOptions,
  MetricOptions,
  Observable,
} from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import { type FlushOptions, type FlushParts, ProviderFlush } from "../export/provider-flush.ts";
import { propertyOf } from "../property.ts";
import {
  describe,
  type InstrumentDescriptor,
  type InstrumentKind,
  isSameInstrument,
} from "./descriptor.ts";
import type { ExampleOf } from "./exemplars.ts";
import {
  type Complain,
  CounterInstrument,
  describeValue,
  GaugeInstrument,
  HistogramInstrument,
  type SyncInstrument,
  UpDownCounterInstrument,
} from "./instruments.ts";
import { type Callbacks, ObservableInstrument } from "./observables.ts";
import { silentMeter } from "./silence.ts";
import type { StoreMeter, FlushableMeterProvider } from "./store-meter.ts";

export type { BindableRecorder, BindableSum } from "./instruments.ts";
export type { BoundRecorder, BoundSum } from "./series.ts";

export type StoreInstrument = SyncInstrument | ObservableInstrument;

/** What meters share. */
export interface MeterGround {
  readonly callbacks: Callbacks;
  /** False once the process has more instruments than any app means to have. */
  admit(): boolean;
  readonly exampleOf: ExampleOf;
  /** A line about how an instrument was made. */
  readonly warn: Complain;
  /** A line about a value that was ignored. */
  readonly debug: Complain;
  readonly flush: FlushParts;
}

export class ScopeMeter implements StoreMeter {
  readonly scope: InstrumentationScope;
  readonly #ground: MeterGround;
  readonly #instruments = new Map<string, StoreInstrument[]>();

  constructor(scope: InstrumentationScope, ground: MeterGround) {
    this.scope = scope;
    this.#ground = ground;
  }

  *instruments(): IterableIterator<StoreInstrument> {
    for (const sameName of this.#instruments.values()) yield* sameName;
  }

  createCounter(name: string, options?: MetricOptions): CounterInstrument {
    return this.#instrument("counter", name, options, CounterInstrument);
  }

  createUpDownCounter(name: string, options?: MetricOptions): UpDownCounterInstrument {
    return this.#instrument("up_down_counter", name, options, UpDownCounterInstrument);
  }

  createHistogram(name: string, options?: MetricOptions): HistogramInstrument {
    return this.#instrument("histogram", name, options, HistogramInstrument);
  }

  createGauge(name: string, options?: MetricOptions): GaugeInstrument {
    return this.#instrument("gauge", name, options, GaugeInstrument);
  }

  createObservableCounter(name: string, options?: MetricOptions): ObservableInstrument {
    return this.#observable("observable_counter", name, options);
  }

  createObservableUpDownCounter(name: string, options?: MetricOptions): ObservableInstrument {
    return this.#observable("observable_up_down_counter", name, options);
  }

  createObservableGauge(name: string, options?: MetricOptions): ObservableInstrument {
    return this.#observable("observable_gauge", name, options);
  }

  addBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void {
    this.#ground.callbacks.addBatch(callback, observables);
  }

  removeBatchObservableCallback(
    callback: BatchObservableCallback,
    observables: Observable[],
  ): void {
    this.#ground.callbacks.removeBatch(callback, observables);
  }

  #instrument<Type extends SyncInstrument>(
    kind: InstrumentKind,
    name: string,
    options: MetricOptions | undefined,
    type: new (descriptor: InstrumentDescriptor, complain: Complain, exampleOf: ExampleOf) => Type,
  ): Type {
    return this.#one(
      kind,
      name,
      options,
      (descriptor) => new type(descriptor, this.#ground.debug, this.#ground.exampleOf),
    ) as Type;
  }

  #observable(
    kind: InstrumentKind,
    name: string,
    options: MetricOptions | undefined,
  ): ObservableInstrument {
    return this.#one(
      kind,
      name,
      options,
      (descriptor) =>
        new ObservableInstrument(descriptor, this.#ground.callbacks, this.#ground.debug),
    ) as ObservableInstrument;
  }

  /** The instrument of this identity (specification, metrics/sdk.md, duplicate instrument registration). */
  #one(
    kind: InstrumentKind,
    name: unknown,
    options: MetricOptions | undefined,
    make: (descriptor: InstrumentDescriptor) => StoreInstrument,
  ): StoreInstrument {
    const text = typeof name === "string" ? name : describeValue(name);
    const complain = (what: string): void => this.#ground.warn(text, what);
    const descriptor = describe(kind, text, options, complain);
    const sameName = this.#instruments.get(text.toLowerCase()) ?? [];
    const known = sameName.find((other) => isSameInstrument(other.descriptor, descriptor));
    if (known !== undefined) return this.#again(known, descriptor, complain);
    if (sameName.length > 0) complain(conflict(sameName[0]!.descriptor, descriptor));
    const instrument = make(descriptor);
    if (!this.#ground.admit()) return instrument;
    this.#instruments.set(text.toLowerCase(), [...sameName, instrument]);
    return instrument;
  }

  #again(
    known: StoreInstrument,
    wanted: InstrumentDescriptor,
    complain: (what: string) => void,
  ): StoreInstrument {
    const first = known.descriptor;
    if (first.name !== wanted.name)
      complain(`it is the same instrument as "${first.name}", made before`);
    if (wanted.description !== "" && first.description !== wanted.description) {
      complain("it was made before with another description, which stays");
    }
    return known;
  }
}

/** The API's `MeterProvider`: one meter for each name, version and schema. */
export class StoreMeterProvider implements FlushableMeterProvider {
  readonly #ground: MeterGround;
  readonly #flush: ProviderFlush;
  readonly #meters = new Map<string, ScopeMeter>();

  constructor(ground: MeterGround) {
    this.#ground = ground;
    this.#flush = new ProviderFlush(ground.flush);
  }

  /** After `shutdown` it gives a meter that keeps nothing, but for one that was there before. */
  getMeter(name: string, version?: string, options?: MeterOptions): StoreMeter {
    const scope = scopeOf(name, version, propertyOf(options, "schemaUrl"));
    const key = JSON.stringify([scope.name, scope.version, scope.schemaUrl]);
    let meter = this.#meters.get(key);
    if (meter === undefined) {
      if (this.#flush.isShutDown) return silentMeter;
      meter = new ScopeMeter(scope, this.#ground);
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

function scopeOf(name: unknown, version: unknown, schemaUrl: unknown): InstrumentationScope {
  const scope: { name: string; version?: string; schemaUrl?: string } = {
    name: typeof name === "string" ? name : "",
  };
  if (typeof version === "string" && version !== "") scope.version = version;
  if (typeof schemaUrl === "string" && schemaUrl !== "") scope.schemaUrl = schemaUrl;
  return scope;
}

/** Both are kept and both are exported, as the specification asks: the numbers are not wrong, the names are. */
function conflict(first: InstrumentDescriptor, wanted: InstrumentDescriptor): string {
  return (
    `it exists as ${told(first)} and is now wanted as ${told(wanted)}; ` +
    "both are kept, but not every reader can show both"
  );
}

function told(descriptor: InstrumentDescriptor): string {
  const number = descriptor.valueType === 0 ? "integers" : "floats";
  return `${descriptor.kind} of ${number}, unit "${descriptor.unit}"`;
}
