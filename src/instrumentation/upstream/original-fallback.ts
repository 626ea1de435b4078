import { copyFunctionProperties } from "../loading/replace-method.ts";

export type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Wraps `original` in upstream's function. If that throws before it has called the
 * original, the app's call runs the original alone. There is no `catch`: Node
 * would report it as the place where an error of the original was thrown.
 */
export function withOriginalFallback(
  original: AnyFunction,
  wrap: (observed: AnyFunction) => AnyFunction,
): AnyFunction {
  if (isClass(original)) return wrap(original);
  let calls = 0;
  const observed: AnyFunction = function (...args) {
    calls++;
    return Reflect.apply(original, this, args);
  };
  const wrapped = wrap(copyFunctionProperties(observed, original));
  return function (...args) {
    const before = calls;
    let isDone = false;
    let result: unknown;
    call: try {
      result = Reflect.apply(wrapped, this, [...args]);
      isDone = true;
    } finally {
      // Discards the error.
      if (!isDone && calls === before) break call;
    }
    return isDone ? result : Reflect.apply(original, this, args);
  };
}

function isClass(original: AnyFunction): boolean {
  return Function.prototype.toString.call(original).startsWith("class");
}
