import { types } from "node:util";

/**
 * A property without running code of the app's: undefined for getters (other
 * than the engine's own, as of `stack`) and for proxies.
 */
export function readData(value: object, key: PropertyKey): unknown {
  try {
    let at: object | null = value;
    while (at !== null && !types.isProxy(at)) {
      const found = Object.getOwnPropertyDescriptor(at, key);
      if (found !== undefined) {
        if (found.get === undefined) return key === "stack" ? stackOf(value) : found.value;
        if (!isBuiltIn(found.get, at)) return undefined;
        return key === "stack" ? stackOf(value) : Reflect.apply(found.get, value, []);
      }
      at = Object.getPrototypeOf(at) as object | null;
    }
  } catch {
    // Nothing that is to be read without us.
  }
  return undefined;
}

/** V8 makes the text of a stack when it is first read, of what `name` and `message` give then. */
function stackOf(value: object): unknown {
  if (hasGetter(value, "message") || hasGetter(value, "name")) return undefined;
  return (value as { readonly stack?: unknown }).stack;
}

function hasGetter(value: object, key: PropertyKey): boolean {
  let at: object | null = value;
  while (at !== null && !types.isProxy(at)) {
    const found = Object.getOwnPropertyDescriptor(at, key);
    if (found !== undefined) return found.get !== undefined && !isBuiltIn(found.get, at);
    at = Object.getPrototypeOf(at) as object | null;
  }
  return at !== null;
}

/** What V8 puts on whatever `Error.captureStackTrace` gets, since its version 11. */
const stackGetter = stackGetterOf({});

function stackGetterOf(bearer: object): unknown {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  Error.captureStackTrace(bearer);
  Error.stackTraceLimit = stackTraceLimit;
  return Object.getOwnPropertyDescriptor(bearer, "stack")?.get;
}

function isBuiltIn(getter: () => unknown, owner: object): boolean {
  return getter === stackGetter || owner === globalThis.DOMException?.prototype;
}

/**
 * Whether it is an error, also one of another realm; false for what can't be
 * asked, and for proxies, whose traps would run.
 */
export function isError(value: unknown): value is Error {
  try {
    if (typeof value !== "object" || value === null || types.isProxy(value)) return false;
    // A plain object is none, as most are that are asked about; the engine takes longer.
    if (Object.getPrototypeOf(value) === Object.prototype) return false;
    return value instanceof Error || types.isNativeError(value);
  } catch {
    return false;
  }
}

/** Whether an error says itself what JSON is to show of it. */
export function hasOwnJson(error: object): boolean {
  return "toJSON" in error;
}
