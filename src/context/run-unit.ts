import { types } from "node:util";
import { isThenable } from "../thenable.ts";
import { callWithContext } from "./manager.ts";
import type { UnitFailure, UnitOfWorkHandle } from "./messaging.ts";
import { markThrown } from "./thrown.ts";

/** Options for running the app's code as a unit of work. */
export interface RunOptions {
  /** Returns the failure for an error (what `markThrown` returns), or undefined if it is none. Must not throw. */
  readonly failureOf?: (error: unknown) => UnitFailure | undefined;
  /**
   * How the caller handles the result: it awaits any value; it catches synchronous errors and ignores
   * the rest; or it does neither.
   */
  readonly caller?: "awaits" | "catches" | "neither";
}

/**
 * Runs the app's code as a unit of work, which ends with the code: at once, or with
 * the promise that the code returns. The return value, error or rejection is passed
 * on unchanged; an unhandled rejection stays unhandled.
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
 * Runs the code without a `catch`, which Node would show as the place where the error
 * was thrown. The unit ends in a microtask: Node handles an uncaught exception before
 * the next one.
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

/** Ends the unit with a promise, in the context of the unit, where Node then reports an unhandled rejection. */
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
  fail(unit, error, failureOf);
  unit.end();
}

function fail(unit: UnitOfWorkHandle, error: unknown, failureOf: FailureOf): void {
  const failure = failureOf(markThrown(error));
  if (failure !== undefined) unit.fail(failure);
}

/**
 * Fails the unit at once and ends it in an immediate, because the end may read the
 * stack of the error. Node can't show the place of the throw of an error whose stack
 * was read; a process that an unhandled rejection terminates does so before the next
 * immediate.
 */
function failAndEndLater(unit: UnitOfWorkHandle, error: unknown, failureOf: FailureOf): void {
  fail(unit, error, failureOf);
  setImmediate(() => unit.end()).unref();
}

function toFailure(error: unknown): UnitFailure {
  return { error };
}
