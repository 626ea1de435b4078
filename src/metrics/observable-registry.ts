import type {
  Attributes,
  BatchObservableCallback,
  BatchObservableResult,
  Observable,
  ObservableCallback,
} from "@opentelemetry/api";
import { waitAtMost } from "../bounded-wait.ts";
import { isThenable } from "../thenable.ts";
import {
  type CallbackRegistry,
  isOwnObservable,
  type ObservableInstrument,
} from "./observable-instrument.ts";

/** The state of any callback. */
interface RegisteredCallback {
  /** The number of its calls that have not ended. */
  running: number;
  /** Whether its last call exceeded the time limit: then it is neither awaited nor called again while it runs. */
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
 * All callbacks of the process. A round calls each of them once; observations
 * after the round are ignored. A callback that exceeds the time limit delays a
 * single round: it is not called again until it ends, and not awaited again until
 * a call ends in time.
 */
export class ObservableRegistry implements CallbackRegistry {
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
   * Runs one round, and awaits callbacks that return a promise for at most
   * `timeoutMs`. Readers that collect during a round share it.
   *
   * @returns the errors of callbacks.
   */
  async observe(timeoutMs: number): Promise<unknown[]> {
    this.#running ??= this.#observeAndWait(timeoutMs).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Runs one round, of which only synchronous callbacks count. Never throws. */
  observeNow(): void {
    void this.#callAll([]);
  }

  async #observeAndWait(timeoutMs: number): Promise<unknown[]> {
    const errors: unknown[] = [];
    const pending = this.#callAll(errors, timeoutMs);
    if (pending.length === 0) return errors;
    await waitAtMost(Promise.all(pending.map(({ done }) => done)), timeoutMs);
    const late = pending.filter(({ registered: callback }) => callback.running > 0);
    for (const { registered: callback } of late) callback.isLate = true;
    if (late.length > 0) errors.push(timeoutError(late, timeoutMs));
    return errors;
  }

  /** Calls all callbacks; returns the pending ones to await. */
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
  /** The name of its instrument, or of the first one. */
  readonly name: string;
  /** Never rejects. */
  readonly done: Promise<void>;
}

/** Calls a callback. Returns a promise that never rejects, if the callback is asynchronous. */
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
    `callbacks of observable instruments took longer than ${limitMs} ms (${names}); later collections don't wait for them`,
  );
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
