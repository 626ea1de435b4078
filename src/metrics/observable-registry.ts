import type {
  Attributes,
  BatchObservableCallback,
  BatchObservableResult,
  Observable,
  ObservableCallback,
} from "@opentelemetry/api";
import { isThenable } from "../thenable.ts";
import { type InstrumentDescriptor, INT } from "./descriptor.ts";
import { type InstrumentReporter, describeValue } from "./instruments.ts";
import { ObservedSeries } from "./series.ts";
import { SeriesTable } from "./series-table.ts";

/** An instrument whose values are asked for when somebody collects. */
export class ObservableInstrument implements Observable {
  readonly descriptor: InstrumentDescriptor;
  readonly table: SeriesTable<ObservedSeries> = new SeriesTable(
    (attributes) => new ObservedSeries(attributes),
  );
  readonly #registry: ObservableRegistry;
  readonly #report: InstrumentReporter;

  constructor(
    descriptor: InstrumentDescriptor,
    registry: ObservableRegistry,
    report: InstrumentReporter,
  ) {
    this.descriptor = descriptor;
    this.#registry = registry;
    this.#report = report;
  }

  addCallback(callback: ObservableCallback): void {
    this.#registry.add(callback, this);
  }

  removeCallback(callback: ObservableCallback): void {
    this.#registry.remove(callback, this);
  }

  /** Never throws: it is called by the app's callback. */
  observe(round: number, value: number, attributes: Attributes | undefined): void {
    const accepted = this.#validate(value);
    if (accepted === undefined) return;
    const series = this.#seriesFor(attributes);
    if (series === undefined) return;
    const isRepeated = series.round === round;
    // What shares the overflow series adds up; the same attributes twice: the last one counts.
    series.value =
      isRepeated && this.table.isOverflow(series) && this.descriptor.kind !== "observable_gauge"
        ? series.value + accepted
        : accepted;
    series.round = round;
  }

  #seriesFor(attributes: Attributes | undefined): ObservedSeries | undefined {
    try {
      return this.table.seriesFor(attributes);
    } catch (error) {
      const why = `its attributes can't be read (${describeValue(error)})`;
      this.#report(this.descriptor.name, `ignored an observed value: ${why}`);
      return undefined;
    }
  }

  #validate(value: unknown): number | undefined {
    if (typeof value !== "number" || Number.isNaN(value)) return this.#reject(value);
    if (this.descriptor.kind === "observable_counter" && value < 0) return this.#reject(value);
    return this.descriptor.valueType === INT ? Math.trunc(value) : value;
  }

  #reject(value: unknown): undefined {
    this.#report(this.descriptor.name, `ignored an observed ${describeValue(value)}`);
    return undefined;
  }
}

/** What is the same of every callback. */
interface RegisteredCallback {
  /** Calls of it that have not ended. */
  running: number;
  /** The last time it took longer than its round had: it isn't waited for, nor called again amid it. */
  isLate: boolean;
}

interface SingleCallback extends RegisteredCallback {
  readonly callback: ObservableCallback;
  readonly instrument: ObservableInstrument;
}

interface BatchCallback extends RegisteredCallback {
  readonly callback: BatchObservableCallback;
  readonly instruments: ReadonlySet<ObservableInstrument>;
}

/**
 * All callbacks of the process. A round calls each of them once; what a callback
 * observes after its round is over is ignored. One that didn't end in time holds
 * up a single round: it is not called again until it ends, and waited for again
 * once it has ended in time.
 */
export class ObservableRegistry {
  #singles: SingleCallback[] = [];
  #batches: BatchCallback[] = [];
  #round = 0;
  #running: Promise<unknown[]> | undefined = undefined;

  /** The round whose observations are current. */
  get round(): number {
    return this.#round;
  }

  add(callback: ObservableCallback, instrument: ObservableInstrument): void {
    if (typeof callback !== "function") return;
    if (
      this.#singles.some(
        (registered) => registered.callback === callback && registered.instrument === instrument,
      )
    )
      return;
    this.#singles.push({ callback, instrument, running: 0, isLate: false });
  }

  remove(callback: ObservableCallback, instrument: ObservableInstrument): void {
    this.#singles = this.#singles.filter(
      (registered) => registered.callback !== callback || registered.instrument !== instrument,
    );
  }

  addBatch(callback: BatchObservableCallback, observables: readonly Observable[]): void {
    const instruments = ownInstruments(observables);
    if (typeof callback !== "function" || instruments.size === 0) return;
    if (this.#batches.some((registered) => isSameBatch(registered, callback, instruments))) return;
    this.#batches.push({ callback, instruments, running: 0, isLate: false });
  }

  removeBatch(callback: BatchObservableCallback, observables: readonly Observable[]): void {
    const instruments = ownInstruments(observables);
    this.#batches = this.#batches.filter(
      (registered) => !isSameBatch(registered, callback, instruments),
    );
  }

  /**
   * One round, with callbacks that return a promise awaited for at most
   * `timeoutMs`. Readers that ask while it runs share it.
   *
   * @returns what callbacks threw.
   */
  async observe(timeoutMs: number): Promise<unknown[]> {
    this.#running ??= this.#observeAndWait(timeoutMs).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** One round of the callbacks that are done when they return. Never throws. */
  observeNow(): void {
    void this.#callAll([]);
  }

  async #observeAndWait(timeoutMs: number): Promise<unknown[]> {
    const errors: unknown[] = [];
    const pending = this.#callAll(errors, timeoutMs);
    if (pending.length === 0) return errors;
    await withinLimit(Promise.all(pending.map(({ done }) => done)), timeoutMs);
    const late = pending.filter(({ registered: callback }) => callback.running > 0);
    for (const { registered: callback } of late) callback.isLate = true;
    if (late.length > 0) errors.push(timeoutError(late, timeoutMs));
    return errors;
  }

  /** Calls everything; returns what is still going on and is to be waited for. */
  #callAll(errors: unknown[], limitMs = Infinity): PendingCallback[] {
    this.#round += 1;
    const pending: PendingCallback[] = [];
    const call = (registered: RegisteredCallback, name: string, callback: () => unknown): void => {
      if (registered.isLate && registered.running > 0) return;
      const done = runCallback(registered, callback, errors, limitMs);
      if (done !== undefined && !registered.isLate) pending.push({ registered, name, done });
    };
    for (const registered of this.#singles) {
      call(registered, registered.instrument.descriptor.name, () =>
        registered.callback(this.#resultFor(registered)),
      );
    }
    for (const registered of this.#batches) {
      const [first] = registered.instruments;
      call(registered, first?.descriptor.name ?? "", () =>
        registered.callback(this.#batchResultFor(registered)),
      );
    }
    return pending;
  }

  #resultFor(registered: SingleCallback): {
    observe(value: number, attributes?: Attributes): void;
  } {
    const round = this.#round;
    return {
      observe: (value, attributes) => {
        if (round === this.#round) registered.instrument.observe(round, value, attributes);
      },
    };
  }

  #batchResultFor(registered: BatchCallback): BatchObservableResult {
    const round = this.#round;
    return {
      observe: (instrument: Observable, value: number, attributes?: Attributes) => {
        if (
          round !== this.#round ||
          !isOwnObservable(instrument) ||
          !registered.instruments.has(instrument)
        )
          return;
        instrument.observe(round, value, attributes);
      },
    };
  }
}

/** A callback that returned a promise. */
interface PendingCallback {
  readonly registered: RegisteredCallback;
  /** Of its instrument, or the first of them. */
  readonly name: string;
  /** Never rejects. */
  readonly done: Promise<void>;
}

/** Calls it; what it returns, if that is still to come, as a promise that never rejects. */
function runCallback(
  registered: RegisteredCallback,
  call: () => unknown,
  errors: unknown[],
  limitMs: number,
): Promise<void> | undefined {
  try {
    const result = call();
    if (!isThenable(result)) return undefined;
    const began = performance.now();
    registered.running++;
    const end = (): void => {
      registered.running--;
      registered.isLate = performance.now() - began > limitMs;
    };
    return Promise.resolve(result)
      .catch((error: unknown) => void errors.push(error))
      .then(end);
  } catch (error) {
    errors.push(error);
    return undefined;
  }
}

function timeoutError(late: readonly PendingCallback[], limitMs: number): Error {
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
    return new Set(Array.isArray(observables) ? observables.filter(isOwnObservable) : []);
  } catch {
    // A revoked proxy.
    return new Set();
  }
}

function isSameBatch(
  registered: BatchCallback,
  callback: BatchObservableCallback,
  instruments: ReadonlySet<ObservableInstrument>,
): boolean {
  if (registered.callback !== callback || registered.instruments.size !== instruments.size)
    return false;
  return [...registered.instruments].every((instrument) => instruments.has(instrument));
}

function isOwnObservable(observable: unknown): observable is ObservableInstrument {
  try {
    return observable instanceof ObservableInstrument;
  } catch {
    // A revoked proxy.
    return false;
  }
}
