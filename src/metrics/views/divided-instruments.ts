import type { InstrumentDescriptor } from "../descriptor.ts";
import type { InstrumentDeps } from "../instruments.ts";
import { createStream, divide, type StoreInstrument } from "./streams.ts";
import { requestedOf } from "./views.ts";

/** The part of a meter that has its instruments. */
export interface StreamRegistry {
  /** What is exported, by lower-case names: instruments, and the streams of divided ones. */
  readonly instruments: Map<string, StoreInstrument[]>;
  streamsOf(requested: InstrumentDescriptor): readonly InstrumentDescriptor[];
  depsOf(descriptor: InstrumentDescriptor): InstrumentDeps;
  /**
   * Returns what is exported by this descriptor, or creates it; undefined in a conflict.
   *
   * @param siblings are not returned.
   */
  getOrCreate(
    descriptor: InstrumentDescriptor,
    create: (descriptor: InstrumentDescriptor) => StoreInstrument,
    siblings: readonly StoreInstrument[],
  ): StoreInstrument | undefined;
}

interface DividedInstrument {
  readonly instrument: StoreInstrument;
  /** Those of its streams that it shares with no earlier instrument. */
  readonly streams: readonly StoreInstrument[];
}

/** The instruments of a meter that record into streams, because of views. */
export class DividedInstruments {
  readonly #registry: StreamRegistry;
  readonly #divided = new Map<string, DividedInstrument>();

  constructor(registry: StreamRegistry) {
    this.#registry = registry;
  }

  /** Returns the instrument that was requested before. */
  find(requested: InstrumentDescriptor): StoreInstrument | undefined {
    return this.#divided.get(identityOf(requested))?.instrument;
  }

  /** Makes an instrument record into streams. */
  add(
    instrument: StoreInstrument,
    requested: InstrumentDescriptor,
    descriptors: readonly InstrumentDescriptor[],
  ): void {
    const created: StoreInstrument[] = [];
    const create = (descriptor: InstrumentDescriptor): StoreInstrument => {
      const stream = createStream(instrument, descriptor, this.#registry.depsOf(descriptor));
      created.push(stream);
      return stream;
    };
    // A measurement must not reach a stream twice.
    const streams = descriptors.flatMap(
      (descriptor) => this.#registry.getOrCreate(descriptor, create, created) ?? [],
    );
    divide(instrument, streams);
    // Above the limit of instruments nothing is kept.
    if (streams.some((stream) => this.#isExported(stream)))
      this.#divided.set(identityOf(requested), { instrument, streams: created });
  }

  /** Applies the views, which have changed, to the instruments that have no series yet. */
  describeAgain(): void {
    const divided = [...this.#divided.values()];
    const streams = new Set(divided.flatMap((one) => one.streams));
    const { instruments } = this.#registry;
    const whole = [...instruments.values()].flat().filter((one) => !streams.has(one));
    instruments.clear();
    this.#divided.clear();
    for (const instrument of whole) this.#describeAgain({ instrument, streams: [instrument] });
    for (const one of divided) this.#describeAgain(one);
  }

  #describeAgain({ instrument, streams: before }: DividedInstrument): void {
    const requested = requestedOf(instrument.descriptor);
    if (before.some(({ table }) => table.size > 0)) {
      for (const stream of before) this.#export(stream);
      if (before[0] !== instrument)
        this.#divided.set(identityOf(requested), { instrument, streams: before });
      return;
    }
    const streams = this.#registry.streamsOf(requested);
    if (streams.length === 1 && streams[0] === instrument.descriptor) this.#export(instrument);
    else if (streams.length > 0) this.add(instrument, requested, streams);
  }

  #export(stream: StoreInstrument): void {
    const { instruments } = this.#registry;
    const key = stream.descriptor.name.toLowerCase();
    instruments.set(key, [...(instruments.get(key) ?? []), stream]);
  }

  #isExported(stream: StoreInstrument): boolean {
    const sameName = this.#registry.instruments.get(stream.descriptor.name.toLowerCase());
    return sameName?.includes(stream) === true;
  }
}

function identityOf({ name, kind, unit, valueType }: InstrumentDescriptor): string {
  return [name.toLowerCase(), kind, unit, valueType].join();
}
