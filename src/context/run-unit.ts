import { types } from "node:util";
import { isThenable } from "../thenable.ts";
import { callWithContext } from "./manager.ts";
import type { UnitFailure, UnitOfWorkHandle } from "./messaging.ts";

export interface RunOptions {
  /** What the failure is, if it is one. */
  readonly failureOf?: (error: unknown) => UnitFailure | undefined;
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
export function runUnitOfWork<R>(
  unit: UnitOfWorkHandle,
  call: () => R,
  options: RunOptions = {},
): R {
  const { failureOf = toFailure, caller = "neither" } = options;
  const run = caller === "neither" ? runUncaught : runCaught;
  const result = run(unit, call, failureOf);
  if (caller === "awaits" && isThenable(result)) {
    return endAfter(unit, Promise.resolve(result) as R & Promise<unknown>, (error) => {
      failAndEnd(unit, error, failureOf);
    });
  }
  if (!types.isPromise(result)) return endAndReturn(unit, result);
  return endAfter(unit, result, (error) => failAndEndLater(unit, error, failureOf));
}

type FailureOf = NonNullable<RunOptions["failureOf"]>;

function runCaught<R>(unit: UnitOfWorkHandle, call: () => R, failureOf: FailureOf): R {
  try {
    return callWithContext(unit.context, call, undefined, []);
  } catch (error) {
    failAndEnd(unit, error, failureOf);
    throw error;
  }
}

/**
 * No `catch`: Node would show ours as the place where the error was thrown. What
 * an error that nobody catches does to the process, it does before the next
 * microtask.
 */
function runUncaught<R>(unit: UnitOfWorkHandle, call: () => R): R {
  let isThrown = true;
  try {
    const result = callWithContext(unit.context, call, undefined, []);
    isThrown = false;
    return result;
  } finally {
    if (isThrown) {
      unit.fail({ error: undefined, type: "_OTHER" });
      queueMicrotask(() => unit.end());
    }
  }
}

/** In the work's context, where Node then finds a rejection that nobody handles. */
function endAfter<R>(
  unit: UnitOfWorkHandle,
  promise: R & Promise<unknown>,
  onError: (error: unknown) => void,
): R {
  const chain = (): Promise<unknown> =>
    promise.then(
      (value) => endAndReturn(unit, value),
      (error: unknown) => {
        onError(error);
        throw error;
      },
    );
  return callWithContext(unit.context, chain, undefined, []) as R;
}

function endAndReturn<R>(unit: UnitOfWorkHandle, result: R): R {
  unit.end();
  return result;
}

function failAndEnd(unit: UnitOfWorkHandle, error: unknown, failureOf: FailureOf): void {
  const failure = failureOf(error);
  if (failure !== undefined) unit.fail(failure);
  unit.end();
}

/**
 * Nobody may have looked at this error yet. Once its stack has been read, Node
 * can't show where it was thrown any more, should the process die of it; that
 * happens before the next immediate.
 */
function failAndEndLater(unit: UnitOfWorkHandle, error: unknown, failureOf: FailureOf): void {
  const failure = failureOf(error);
  if (failure !== undefined) unit.fail(failure);
  setImmediate(() => unit.end()).unref();
}

function toFailure(error: unknown): UnitFailure {
  return { error };
}
