import { types } from "node:util";

/**
 * A property without running code of the app's: undefined for getters (other
 * than the engine's own, as of `stack`) and for proxies.
 */
export function readDataProperty(value: object, key: PropertyKey): unknown {
  try {
    let current: object | null = value;
    while (current !== null && !types.isProxy(current)) {
      const descriptor = Object.getOwnPropertyDescriptor(current, key);
      if (descriptor !== undefined) {
        if (descriptor.get === undefined)
          return key === "stack" ? readStack(value) : descriptor.value;
        if (!isBuiltInGetter(descriptor.get, current)) return undefined;
        return key === "stack" ? readStack(value) : Reflect.apply(descriptor.get, value, []);
      }
      current = Object.getPrototypeOf(current) as object | null;
    }
  } catch {
    // Nothing that is to be read without us.
  }
  return undefined;
}

/** V8 makes the text of a stack when it is first read, of what `name` and `message` give then. */
function readStack(value: object): unknown {
  if (hasGetter(value, "message") || hasGetter(value, "name")) return undefined;
  return (value as { readonly stack?: unknown }).stack;
}

function hasGetter(value: object, key: PropertyKey): boolean {
  let current: object | null = value;
  while (current !== null && !types.isProxy(current)) {
    const descriptor = Object.getOwnPropertyDescriptor(current, key);
    if (descriptor !== undefined)
      return descriptor.get !== undefined && !isBuiltInGetter(descriptor.get, current);
    current = Object.getPrototypeOf(current) as object | null;
  }
  return current !== null;
}

/** What V8 puts on whatever `Error.captureStackTrace` gets, since its version 11. */
const stackGetter = stackGetterOf({});

function stackGetterOf(target: object): unknown {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  Error.captureStackTrace(target);
  Error.stackTraceLimit = stackTraceLimit;
  return Object.getOwnPropertyDescriptor(target, "stack")?.get;
}

function isBuiltInGetter(getter: () => unknown, owner: object): boolean {
  return getter === stackGetter || owner === globalThis.DOMException?.prototype;
}

/**
 * Whether it is an error, also one of another realm; false for what can't be
 * asked, and for proxies, whose traps would run.
 */
export function isErrorInstance(value: unknown): value is Error {
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
export function hasToJson(error: object): boolean {
  return "toJSON" in error;
}
