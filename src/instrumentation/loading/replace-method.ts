import { types } from "node:util";
import { onRollback } from "./rollback.ts";

/** A method of somebody else's object: what it takes is known from its sources. */
export type Method<This = unknown, Args extends unknown[] = unknown[]> = (
  this: This,
  ...args: Args
) => unknown;

/**
 * Puts a method in the place of `target[name]`, with its name and its length
 * (Express tells error handlers by it) and nothing else changed. If the adaptor
 * that calls this throws later on, the original is put back.
 *
 * @throws TypeError if there is no such method; `target` is then untouched
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

/** Defines `value` as `target[name]`, visible as it was; over an inherited one, no loop over its own keys shows it. */
export function overrideProperty(target: object, name: string | symbol, value: unknown): void {
  const { enumerable = false, get, set } = Object.getOwnPropertyDescriptor(target, name) ?? {};
  rememberForRollback(target, name);
  const flags = { configurable: true, enumerable };
  // The exports of an ES module are behind accessors of ours, which take values.
  if (get === undefined || types.isProxy(target)) {
    Object.defineProperty(target, name, { ...flags, writable: true, value });
  } else {
    Object.defineProperty(target, name, { ...flags, get: () => value, ...(set && { set }) });
  }
}

/**
 * Exports of a CommonJS module that can't be assigned (a bundler has made them
 * getters) are replaced in another object, which is like the first otherwise.
 */
export function copyWithExports(
  exports: object,
  replaced: Readonly<Record<string, unknown>>,
): object {
  const descriptors: PropertyDescriptorMap = Object.getOwnPropertyDescriptors(exports);
  for (const [name, value] of Object.entries(replaced)) {
    const own = descriptors[name];
    descriptors[name] = own?.get === undefined ? { ...own, value } : { ...own, get: () => value };
  }
  return Object.create(Object.getPrototypeOf(exports) as object | null, descriptors) as object;
}

/** If the adaptor that is just patching throws later on, `target[name]` becomes again what it is now. */
export function rememberForRollback(target: object, name: string | symbol): void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  onRollback(() => {
    if (own === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, own);
  });
}

/**
 * Gives `replacement` the name, the length, the properties and the prototype of
 * `original` (by which frameworks tell `async` functions).
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
    // Old-style functions have these of their own; they are about calls, not about the function.
    if (key === "arguments" || key === "caller") continue;
    const descriptor = Object.getOwnPropertyDescriptor(original, key);
    const own = Object.getOwnPropertyDescriptor(replacement, key);
    if (descriptor === undefined || own?.configurable === false) continue;
    Object.defineProperty(replacement, key, descriptor);
  }
  return replacement;
}

/** CommonJS of bundlers has getters only: then the exports are another object. */
export function replaceExports(
  exports: object,
  replaced: Readonly<Record<string, unknown>>,
): object {
  const isFixed = Object.keys(replaced).some(
    (name) => Object.getOwnPropertyDescriptor(exports, name)?.writable !== true,
  );
  if (!isFixed) return Object.assign(exports, replaced);
  return copyWithExports(exports, replaced);
}
