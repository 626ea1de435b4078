import { types } from "node:util";
import { onRollback } from "./rollback.ts";

/** A method of a library's object; its arguments are known from the library's sources. */
export type Method<This = unknown, Args extends unknown[] = unknown[]> = (
  this: This,
  ...args: Args
) => unknown;

/**
 * Replaces `target[name]` by a wrapper with the same name, length (by which
 * Express recognizes error handlers) and properties. Restored if the adaptor
 * throws later.
 *
 * @throws TypeError if there is no such method; `target` is then unchanged
 */
export function replaceMethod<This, Args extends unknown[]>(
  target: object,
  name: string | symbol,
  wrap: (original: Method<This, Args>) => Method<This, Args>,
): void {
  const original = (target as Record<string | symbol, unknown>)[name];
  if (typeof original !== "function") throw new TypeError(`there is no ${String(name)}()`);
  const replacement = copyFunctionProperties(wrap(original as Method<This, Args>), original);
  overrideProperty(target, name, replacement);
}

/**
 * Defines `value` as `target[name]` with the same enumerability. A property that
 * replaces an inherited one is not enumerable.
 */
export function overrideProperty(target: object, name: string | symbol, value: unknown): void {
  const { enumerable = false, get, set } = Object.getOwnPropertyDescriptor(target, name) ?? {};
  rememberForRollback(target, name);
  const flags = { configurable: true, enumerable };
  // Exports of an ES module are accessors of `patchableExports`, which accept values.
  if (get === undefined || types.isProxy(target)) {
    Object.defineProperty(target, name, { ...flags, writable: true, value });
  } else {
    Object.defineProperty(target, name, { ...flags, get: () => value, ...(set && { set }) });
  }
}

/** Restores `target[name]` to its current state if the running patch throws later. */
export function rememberForRollback(target: object, name: string | symbol): void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  onRollback(() => {
    if (own === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, own);
  });
}

/**
 * Copies the name, length, properties and prototype of `original` to
 * `replacement`. Frameworks recognize `async` functions by the prototype.
 */
export function copyFunctionProperties<Replacement extends (...args: never[]) => unknown>(
  replacement: Replacement,
  original: object,
): Replacement {
  const prototype = Object.getPrototypeOf(original) as object | null;
  if (Object.getPrototypeOf(replacement) !== prototype) {
    Object.setPrototypeOf(replacement, prototype);
  }
  for (const key of Reflect.ownKeys(original)) {
    // Own properties of sloppy-mode functions that describe the current call, not the function.
    if (key === "arguments" || key === "caller") continue;
    const descriptor = Object.getOwnPropertyDescriptor(original, key);
    const own = Object.getOwnPropertyDescriptor(replacement, key);
    if (descriptor === undefined || own?.configurable === false) continue;
    Object.defineProperty(replacement, key, descriptor);
  }
  return replacement;
}

/**
 * Replaces exports in place where they are writable. Where they are not (CommonJS
 * of bundlers defines getters), replaces them in a copy.
 */
export function replaceExports(
  exports: object,
  replaced: Readonly<Record<string, unknown>>,
): object {
  const isWritable =
    types.isProxy(exports) ||
    Object.keys(replaced).every(
      (name) => Object.getOwnPropertyDescriptor(exports, name)?.writable === true,
    );
  return isWritable ? Object.assign(exports, replaced) : copyWithExports(exports, replaced);
}

function copyWithExports(exports: object, replaced: Readonly<Record<string, unknown>>): object {
  const descriptors: PropertyDescriptorMap = Object.getOwnPropertyDescriptors(exports);
  for (const [name, value] of Object.entries(replaced)) {
    const own = descriptors[name];
    descriptors[name] = own?.get === undefined ? { ...own, value } : { ...own, get: () => value };
  }
  return Object.create(Object.getPrototypeOf(exports) as object | null, descriptors) as object;
}
