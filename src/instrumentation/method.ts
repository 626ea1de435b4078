import { onFailure } from "./undo.ts";

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
  make: (original: Method<This, Args>) => Method<This, Args>,
): void {
  const original = (target as Record<string | symbol, unknown>)[name];
  if (typeof original !== "function") throw new TypeError(`there is no ${String(name)}()`);
  const replacement = disguise(make(original as Method<This, Args>), original);
  const own = Object.getOwnPropertyDescriptor(target, name);
  const { enumerable = true } = own ?? {};
  rememberOwn(target, name);
  Object.defineProperty(target, name, {
    configurable: true,
    enumerable,
    writable: true,
    value: replacement,
  });
}

/** If the adaptor that is just patching throws later on, `target[name]` becomes again what it is now. */
export function rememberOwn(target: object, name: string | symbol): void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  onFailure(() => {
    if (own === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, own);
  });
}

/** Gives `replacement` the name, the length and the properties of `original`. */
export function disguise<Replacement extends (...args: never[]) => unknown>(
  replacement: Replacement,
  original: object,
): Replacement {
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
