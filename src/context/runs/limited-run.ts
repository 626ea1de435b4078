/** What a run has returned or thrown. */
export type Outcome = { readonly value: unknown } | { readonly error: unknown };

export interface LimitedRun {
  /** An error if the time is over first. Never rejects. */
  readonly outcome: Promise<Outcome>;
  /** Resolves when the work itself has ended. Never rejects. */
  readonly settled: Promise<void>;
  /** Ends the wait with an error, and aborts the signal of the work. */
  stop(error: Error): void;
}

/**
 * Runs work for a limited time. Its signal is aborted when the time is over, and what has
 * arrived while the event loop was blocked is read: one turn after the timer.
 *
 * @param limitMs in milliseconds
 */
export function runWithin(limitMs: number, run: (signal: AbortSignal) => unknown): LimitedRun {
  const abort = new AbortController();
  const own = outcomeOf(() => run(abort.signal));
  const { promise: stopped, resolve } = Promise.withResolvers<Outcome>();
  const stop = (error: Error): void => {
    resolve({ error });
    abort.abort(error);
  };
  let immediate: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    immediate = setImmediate(stop, timeoutError(limitMs));
  }, limitMs).unref();
  const settled = own.then(() => {
    clearTimeout(timer);
    clearImmediate(immediate);
  });
  return { outcome: Promise.race([own, stopped]), settled, stop };
}

/** Its name is the `error.type` of what has timed out. */
function timeoutError(limitMs: number): Error {
  return Object.assign(new Error(`timed out after ${limitMs} ms`), { name: "TimeoutError" });
}

async function outcomeOf(run: () => unknown): Promise<Outcome> {
  try {
    return { value: await run() };
  } catch (error) {
    return { error };
  }
}
