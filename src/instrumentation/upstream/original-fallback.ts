import { copyFunctionProperties } from "../loading/replace-method.ts";

export type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Upstream's function around `original`; where that throws before it has called
 * it, the app's call is the original's. No `catch`: of what the original throws,
 * Node would show ours as the place where it was thrown.
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
      // Leaves the error behind.
      if (!isDone && calls === before) break call;
    }
    return isDone ? result : Reflect.apply(original, this, args);
  };
}

function isClass(original: AnyFunction): boolean {
  return Function.prototype.toString.call(original).startsWith("class");
}
