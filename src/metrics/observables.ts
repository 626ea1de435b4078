import type {
  Attributes,
  BatchObservableCallback,
  BatchObservableResult,
  Observable,
  ObservableCallback,
} from "@opentelemetry/api";
import { type InstrumentDescriptor, INT } from "./descriptor.ts";
import { type Complain, describeValue } from "./instruments.ts";
import { ObservedSeries } from "./series.ts";
import { SeriesTable } from "./series-table.ts";

/** An instrument whose values are asked for when somebody collects. */
export class ObservableInstrument implements Observable {
  readonly descriptor: InstrumentDescriptor;
  readonly table: SeriesTable<ObservedSeries> = new SeriesTable(
    (attributes) => new ObservedSeries(attributes),
  );
  readonly #callbacks: Callbacks;
  readonly #complain: Complain;

  constructor(descriptor: InstrumentDescriptor, callbacks: Callbacks, complain: Complain) {
    this.descriptor = descriptor;
    this.#callbacks = callbacks;
    this.#complain = complain;
  }

  addCallback(callback: ObservableCallback): void {
    this.#callbacks.add(callback, this);
  }

  removeCallback(callback: ObservableCallback): void {
    this.#callbacks.remove(callback, this);
  }

  /** Never throws: it is called by the app's callback. */
  observe(round: number, value: number, attributes: Attributes | undefined): void {
    const taken = this.#accept(value);
    if (taken === undefined) return;
    const series = this.#seriesAt(attributes);
    if (series === undefined) return;
    const again = series.round === round;
    // What shares the overflow series adds up; the same attributes twice: the last one counts.
    series.value =
      again && this.table.isOverflow(series) && this.descriptor.kind !== "observable_gauge"
        ? series.value + taken
        : taken;
    series.round = round;
  }

  #seriesAt(attributes: Attributes | undefined): ObservedSeries | undefined {
    try {
      return this.table.at(attributes);
    } catch (error) {
      const why = `its attributes can't be read (${describeValue(error)})`;
      this.#complain(this.descriptor.name, `ignored an observed value: ${why}`);
      return undefined;
    }
  }

  #accept(value: unknown): number | undefined {
    if (typeof value !== "number" || Number.isNaN(value)) return this.#reject(value);
    if (this.descriptor.kind === "observable_counter" && value < 0) return this.#reject(value);
    return this.descriptor.valueType === INT ? Math.trunc(value) : value;
  }

  #reject(value: unknown): undefined {
    this.#complain(this.descriptor.name, `ignored an observed ${describeValue(value)}`);
    return undefined;
  }
}

interface Single {
  readonly callback: ObservableCallback;
  readonly instrument: ObservableInstrument;
}

interface Batch {
  readonly callback: BatchObservableCallback;
  readonly instruments: ReadonlySet<ObservableInstrument>;
}

/**
 * All callbacks of the process. A round calls each of them once; what a callback
 * observes after its round is over is ignored.
 */
export class Callbacks {
  #singles: Single[] = [];
  #batches: Batch[] = [];
  #round = 0;
  #running: Promise<unknown[]> | undefined = undefined;

  /** The round whose observations are current. */
  get round(): number {
    return this.#round;
  }

  add(callback: ObservableCallback, instrument: ObservableInstrument): void {
    if (typeof callback !== "function") return;
    if (this.#singles.some((row) => row.callback === callback && row.instrument === instrument))
      return;
    this.#singles.push({ callback, instrument });
  }

  remove(callback: ObservableCallback, instrument: ObservableInstrument): void {
    this.#singles = this.#singles.filter(
      (row) => row.callback !== callback || row.instrument !== instrument,
    );
  }

  addBatch(callback: BatchObservableCallback, observables: readonly Observable[]): void {
    const instruments = ownInstruments(observables);
    if (typeof callback !== "function" || instruments.size === 0) return;
    if (this.#batches.some((row) => isSameBatch(row, callback, instruments))) return;
    this.#batches.push({ callback, instruments });
  }

  removeBatch(callback: BatchObservableCallback, observables: readonly Observable[]): void {
    const instruments = ownInstruments(observables);
    this.#batches = this.#batches.filter((row) => !isSameBatch(row, callback, instruments));
  }

  /**
   * One round, with callbacks that return a promise awaited for at most
   * `timeoutMs`. Readers that ask while it runs share it.
   *
   * @returns what callbacks threw.
   */
  async observe(timeoutMs: number): Promise<unknown[]> {
    this.#running ??= this.#await(timeoutMs).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** One round of the callbacks that are done when they return. Never throws. */
  observeNow(): void {
    void this.#start([]);
  }

  async #await(timeoutMs: number): Promise<unknown[]> {
    const errors: unknown[] = [];
    const pending = this.#start(errors);
    if (pending.length > 0) await withinLimit(Promise.all(pending), timeoutMs, errors);
    return errors;
  }

  /** Calls everything; returns what is still going on, as promises that never reject. */
  #start(errors: unknown[]): Promise<void>[] {
    this.#round += 1;
    const pending: Promise<void>[] = [];
    for (const row of this.#singles)
      watch(() => row.callback(this.#resultFor(row)), pending, errors);
    for (const row of this.#batches)
      watch(() => row.callback(this.#batchResultFor(row)), pending, errors);
    return pending;
  }

  #resultFor(row: Single): { observe(value: number, attributes?: Attributes): void } {
    const round = this.#round;
    return {
      observe: (value, attributes) => {
        if (round === this.#round) row.instrument.observe(round, value, attributes);
      },
    };
  }

  #batchResultFor(row: Batch): BatchObservableResult {
    const round = this.#round;
    return {
      observe: (instrument: Observable, value: number, attributes?: Attributes) => {
        if (round !== this.#round || !isOwn(instrument) || !row.instruments.has(instrument)) return;
        instrument.observe(round, value, attributes);
      },
    };
  }
}

function watch(call: () => unknown, pending: Promise<void>[], errors: unknown[]): void {
  try {
    const result = call();
    if (!isThenable(result)) return;
    pending.push(Promise.resolve(result).then(ignore, (error: unknown) => void errors.push(error)));
  } catch (error) {
    errors.push(error);
  }
}

/** The timer is unref'd: a callback that never ends must not keep the process. */
async function withinLimit(
  work: Promise<unknown>,
  limitMs: number,
  errors: unknown[],
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      errors.push(new Error(`callbacks of observable instruments took longer than ${limitMs} ms`));
      resolve();
    }, limitMs).unref();
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}

function ownInstruments(observables: unknown): Set<ObservableInstrument> {
  try {
    return new Set(Array.isArray(observables) ? observables.filter(isOwn) : []);
  } catch {
    // A revoked proxy.
    return new Set();
  }
}

function isSameBatch(
  row: Batch,
  callback: BatchObservableCallback,
  instruments: ReadonlySet<ObservableInstrument>,
): boolean {
  if (row.callback !== callback || row.instruments.size !== instruments.size) return false;
  return [...row.instruments].every((instrument) => instruments.has(instrument));
}

function isOwn(observable: unknown): observable is ObservableInstrument {
  try {
    return observable instanceof ObservableInstrument;
  } catch {
    // A revoked proxy.
    return false;
  }
}

function isThenable(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}

function ignore(): void {}
