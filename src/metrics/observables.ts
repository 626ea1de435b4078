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

/** What is the same of every callback. */
interface Row {
  /** Calls of it that have not ended. */
  running: number;
  /** The last time it took longer than its round had: it isn't waited for, nor called again amid it. */
  isLate: boolean;
}

interface Single extends Row {
  readonly callback: ObservableCallback;
  readonly instrument: ObservableInstrument;
}

interface Batch extends Row {
  readonly callback: BatchObservableCallback;
  readonly instruments: ReadonlySet<ObservableInstrument>;
}

/**
 * All callbacks of the process. A round calls each of them once; what a callback
 * observes after its round is over is ignored. One that didn't end in time holds
 * up a single round: it is not called again until it ends, and waited for again
 * once it has ended in time.
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
    this.#singles.push({ callback, instrument, running: 0, isLate: false });
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
    this.#batches.push({ callback, instruments, running: 0, isLate: false });
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
    const pending = this.#start(errors, timeoutMs);
    if (pending.length === 0) return errors;
    await withinLimit(Promise.all(pending.map(({ done }) => done)), timeoutMs);
    const late = pending.filter(({ row }) => row.running > 0);
    for (const { row } of late) row.isLate = true;
    if (late.length > 0) errors.push(tooLate(late, timeoutMs));
    return errors;
  }

  /** Calls everything; returns what is still going on and is to be waited for. */
  #start(errors: unknown[], limitMs = Infinity): Pending[] {
    this.#round += 1;
    const pending: Pending[] = [];
    const call = (row: Row, name: string, callback: () => unknown): void => {
      if (row.isLate && row.running > 0) return;
      const done = watch(row, callback, errors, limitMs);
      if (done !== undefined && !row.isLate) pending.push({ row, name, done });
    };
    for (const row of this.#singles) {
      call(row, row.instrument.descriptor.name, () => row.callback(this.#resultFor(row)));
    }
    for (const row of this.#batches) {
      const [first] = row.instruments;
      call(row, first?.descriptor.name ?? "", () => row.callback(this.#batchResultFor(row)));
    }
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

/** A callback that returned a promise. */
interface Pending {
  readonly row: Row;
  /** Of its instrument, or the first of them. */
  readonly name: string;
  /** Never rejects. */
  readonly done: Promise<void>;
}

/** Calls it; what it returns, if that is still to come, as a promise that never rejects. */
function watch(
  row: Row,
  call: () => unknown,
  errors: unknown[],
  limitMs: number,
): Promise<void> | undefined {
  try {
    const result = call();
    if (!isThenable(result)) return undefined;
    const began = performance.now();
    row.running++;
    const end = (): void => {
      row.running--;
      row.isLate = performance.now() - began > limitMs;
    };
    return Promise.resolve(result)
      .catch((error: unknown) => void errors.push(error))
      .then(end);
  } catch (error) {
    errors.push(error);
    return undefined;
  }
}

function tooLate(late: readonly Pending[], limitMs: number): Error {
  const names = late.map(({ name }) => name).join(", ");
  return new Error(
    `callbacks of observable instruments took longer than ${limitMs} ms (${names}); the next pages don't wait for them`,
  );
}

/** The timer is unref'd: a callback that never ends must not keep the process. */
async function withinLimit(work: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs).unref();
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
