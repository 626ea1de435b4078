import type {
  Attributes,
  BatchObservableCallback,
  BatchObservableResult,
  Observable,
  ObservableCallback,
} from "@opentelemetry/api";
import { waitAtMost } from "../bounded-wait.ts";
import { isThenable } from "../thenable.ts";
import { describeValue } from "./instruments.ts";
import {
  type CallbackRegistry,
  isOwnObservable,
  type ObservableInstrument,
} from "./observable-instrument.ts";

/** A failure of a callback, with its instrument, or the first one. */
export interface CallbackFailure {
  readonly instrument: ObservableInstrument;
  readonly what: string;
}

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
  #running: Promise<CallbackFailure[]> | undefined = undefined;

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
   * @returns the failures of callbacks.
   */
  async observe(timeoutMs: number): Promise<CallbackFailure[]> {
    this.#running ??= this.#observeAndWait(timeoutMs).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Runs one round, of which only synchronous callbacks count. Never throws. */
  observeNow(): void {
    void this.#callAll([]);
  }

  async #observeAndWait(timeoutMs: number): Promise<CallbackFailure[]> {
    const failures: CallbackFailure[] = [];
    const pending = this.#callAll(failures, timeoutMs);
    if (pending.length === 0) return failures;
    await waitAtMost(Promise.all(pending.map(({ done }) => done)), timeoutMs);
    for (const { registered: callback, instrument } of pending) {
      if (callback.running === 0) continue;
      callback.isLate = true;
      failures.push({ instrument, what: lateMessage(timeoutMs) });
    }
    return failures;
  }

  /** Calls all callbacks; returns the pending ones to await. */
  #callAll(failures: CallbackFailure[], limitMs = Infinity): PendingCallback[] {
    this.#round += 1;
    const pending: PendingCallback[] = [];
    const call = (
      registered: RegisteredCallback,
      instrument: ObservableInstrument,
      callback: () => unknown,
    ): void => {
      if (registered.isLate && registered.running > 0) return;
      const onError = (error: unknown): void => {
        failures.push({
          instrument,
          what: `its callback failed (${describeValue(error)}); it has no value`,
        });
      };
      const done = runCallback(registered, callback, onError, limitMs);
      if (done !== undefined && !registered.isLate) pending.push({ registered, instrument, done });
    };
    for (const registered of this.#singles) {
      call(registered, registered.instrument, () =>
        registered.callback(this.#resultFor(registered)),
      );
    }
    for (const registered of this.#batches) {
      const [first] = registered.instruments;
      if (first === undefined) continue;
      call(registered, first, () => registered.callback(this.#batchResultFor(registered)));
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
  /** Its instrument, or the first one. */
  readonly instrument: ObservableInstrument;
  /** Never rejects. */
  readonly done: Promise<void>;
}

/** Calls a callback. Returns a promise that never rejects, if the callback is asynchronous. */
function runCallback(
  registered: RegisteredCallback,
  call: () => unknown,
  onError: (error: unknown) => void,
  limitMs: number,
): Promise<void> | undefined {
  try {
    const result = call();
    if (!isThenable(result)) return undefined;
    const began = performance.now();
    registered.running++;
    const end = (): void => {
      registered.running--;
      // One that ends within a round that awaits it is in time, however long the loop was blocked.
      registered.isLate &&= performance.now() - began > limitMs;
    };
    return Promise.resolve(result).catch(onError).then(end);
  } catch (error) {
    onError(error);
    return undefined;
  }
}

function lateMessage(limitMs: number): string {
  return `its callback took longer than ${limitMs} ms; later collections don't wait for it until it answers in time`;
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
