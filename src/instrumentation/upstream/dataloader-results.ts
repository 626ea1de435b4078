import { types } from "node:util";
import { isThenable } from "../../thenable.ts";
import type { InstrumentationLike } from "./upstream-adaptor.ts";

/** Private method that wraps a batch function; the tests fail if it changes. */
interface Internals {
  _wrapBatchLoadFn(load: BatchLoad): BatchLoad;
}

type BatchLoad = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Makes upstream's instrumentation of DataLoader accept any result of a batch
 * function. Upstream calls `then` and `catch` on it, but a thenable may have no
 * `catch`, and DataLoader has its own error message for results that are not
 * thenable.
 */
export function withAnyBatchResult<Instrumentation extends InstrumentationLike>(
  instrumentation: Instrumentation,
): Instrumentation {
  const internals = instrumentation as unknown as Internals;
  const wrap = internals._wrapBatchLoadFn;
  internals._wrapBatchLoadFn = (load) =>
    function (...args) {
      let other: { readonly value: unknown } | undefined;
      const observed: BatchLoad = function (...batchArgs) {
        const value = Reflect.apply(load, this, batchArgs);
        if (types.isPromise(value)) return value;
        if (isThenable(value)) return Promise.resolve(value);
        other = { value };
        return Promise.resolve();
      };
      const result = Reflect.apply(wrap.call(internals, observed), this, args);
      return other === undefined ? result : other.value;
    };
  return instrumentation;
}
