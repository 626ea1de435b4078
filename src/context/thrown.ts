import { types } from "node:util";

/** Stand for what was thrown where `undefined` means that there is no error. */
const thrownUndefined = { thrown: undefined };
const thrownNull = { thrown: null };

/** Returns what was thrown, or an object in its place for `undefined` and `null`. */
export function markThrown(thrown: unknown): unknown {
  if (thrown === undefined) return thrownUndefined;
  return thrown === null ? thrownNull : thrown;
}

/** Returns what was thrown, of a value that `markThrown` has returned. */
export function thrownValueOf(marked: unknown): unknown {
  if (marked === thrownUndefined) return undefined;
  return marked === thrownNull ? null : marked;
}

/** Whether it is an error. Those of another realm (Next's edge runtime, Jest) are of another class; a proxy may throw. */
export function isErrorObject(thrown: unknown): thrown is Error {
  try {
    return types.isNativeError(thrown) || thrown instanceof Error;
  } catch {
    return false;
  }
}
