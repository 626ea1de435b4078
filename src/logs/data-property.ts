import { types } from "node:util";

/**
 * Reads a property without running any of the app's code. Returns undefined for
 * getters (except built-in ones, such as that of `stack`) and for proxies.
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
    // The object can't be inspected.
  }
  return undefined;
}

/** Reads a stack, unless that would run a getter: V8 builds its text from `name` and `message` when it is first read. */
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

/** The getter that V8 defines by `Error.captureStackTrace`, since its version 11. */
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
 * Whether a value is an error, also one of another realm. False for objects that
 * can't be inspected, and for proxies, whose traps would run.
 */
export function isErrorInstance(value: unknown): value is Error {
  try {
    if (typeof value !== "object" || value === null || types.isProxy(value)) return false;
    // Most objects are plain. This check is faster than the engine's.
    if (Object.getPrototypeOf(value) === Object.prototype) return false;
    return value instanceof Error || types.isNativeError(value);
  } catch {
    return false;
  }
}

/** Returns the first field with an error, and the error. Runs none of the app's code. */
export function findErrorField(fields: object): readonly [key: string, error: Error] | undefined {
  for (const key of Object.keys(fields)) {
    const value = readDataProperty(fields, key);
    if (isErrorInstance(value)) return [key, value];
  }
  return undefined;
}

/** Whether an error defines its own JSON. */
export function hasToJson(error: object): boolean {
  return "toJSON" in error;
}
