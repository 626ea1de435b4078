import { types } from "node:util";
import type { InstrumentationLike } from "./upstream-adaptor.ts";

/** How upstream wraps a batch function; private in its types, the tests notice when it is gone. */
interface Internals {
  _wrapBatchLoadFn(load: BatchLoad): BatchLoad;
}

type BatchLoad = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Upstream's instrumentation of DataLoader for whatever a batch function
 * returns: upstream calls `then` and `catch` of it. A thenable may have no
 * `catch`, and of what is none DataLoader says itself what is wrong.
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

function isThenable(value: unknown): boolean {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === "function";
}
