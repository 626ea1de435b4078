import { types } from "node:util";
import { callIn } from "./manager.ts";
import type { Failure, Work } from "./work.ts";

export interface Attendance {
  /** What the failure is, if it is one. */
  readonly failureOf?: (error: unknown) => Failure | undefined;
  /**
   * What becomes of what the code returns or throws: the caller awaits it, as whatever it is; it
   * catches what is thrown at once and ignores the rest; or it does neither.
   */
  readonly caller?: "awaits" | "catches" | "neither";
}

/**
 * Runs the app's code as `work`, and ends that when the code is done: at once,
 * or with the promise that it returns. Whatever is returned, thrown or rejected
 * comes out as it is; a rejection that nobody handles stays one.
 */
export function attend<R>(work: Work, call: () => R, attendance: Attendance = {}): R {
  const { failureOf = asFailure, caller = "neither" } = attendance;
  const run = caller === "neither" ? runUncaught : runCaught;
  const result = run(work, call, failureOf);
  if (caller === "awaits" && isThenable(result)) {
    return followed(work, Promise.resolve(result) as R & Promise<unknown>, (error) => {
      failed(work, error, failureOf);
    });
  }
  if (!types.isPromise(result)) return ended(work, result);
  return followed(work, result, (error) => failLater(work, error, failureOf));
}

type FailureOf = NonNullable<Attendance["failureOf"]>;

function runCaught<R>(work: Work, call: () => R, failureOf: FailureOf): R {
  try {
    return callIn(work.context, call, undefined, []);
  } catch (error) {
    failed(work, error, failureOf);
    throw error;
  }
}

/**
 * No `catch`: Node would show ours as the place where the error was thrown. What
 * an error that nobody catches does to the process, it does before the next
 * microtask.
 */
function runUncaught<R>(work: Work, call: () => R): R {
  let isThrown = true;
  try {
    const result = callIn(work.context, call, undefined, []);
    isThrown = false;
    return result;
  } finally {
    if (isThrown) {
      work.fail({ error: undefined, type: "_OTHER" });
      queueMicrotask(() => work.end());
    }
  }
}

/** In the work's context, where Node then finds a rejection that nobody handles. */
function followed<R>(
  work: Work,
  promise: R & Promise<unknown>,
  onError: (error: unknown) => void,
): R {
  const follow = (): Promise<unknown> =>
    promise.then(
      (value) => ended(work, value),
      (error: unknown) => {
        onError(error);
        throw error;
      },
    );
  return callIn(work.context, follow, undefined, []) as R;
}

function ended<R>(work: Work, result: R): R {
  work.end();
  return result;
}

function failed(work: Work, error: unknown, failureOf: FailureOf): void {
  const failure = failureOf(error);
  if (failure !== undefined) work.fail(failure);
  work.end();
}

/**
 * Nobody may have looked at this error yet. Once its stack has been read, Node
 * can't show where it was thrown any more, should the process die of it; that
 * happens before the next immediate.
 */
function failLater(work: Work, error: unknown, failureOf: FailureOf): void {
  const failure = failureOf(error);
  if (failure !== undefined) work.fail(failure);
  setImmediate(() => work.end()).unref();
}

function asFailure(error: unknown): Failure {
  return { error };
}

function isThenable(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { readonly then?: unknown }).then === "function"
  );
}
