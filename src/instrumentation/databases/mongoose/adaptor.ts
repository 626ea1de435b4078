import { type Context, context as contexts } from "@opentelemetry/api";
import type { Adaptor } from "../../loading/adaptor.ts";
import { replaceMethod } from "../../loading/replace-method.ts";

/**
 * Restores the caller's context for operations that `mongoose` queues until it is
 * connected, and then calls by name in the connection's context. From version 7 on
 * it queues promises, which keep their context.
 */
export const adaptor: Adaptor = {
  patch(exports) {
    const { prototype } = exports as { readonly prototype: object };
    replaceMethod<Collection, [unknown, unknown, ...unknown[]]>(
      prototype,
      "addQueue",
      (original) =>
        function addQueue(...args) {
          const [, values] = args;
          if (typeof values === "object" && values !== null) {
            callerContexts.set(values, contexts.active());
          }
          return Reflect.apply(original, this, args);
        },
    );
    replaceMethod<Collection, unknown[]>(
      prototype,
      "doQueue",
      (original) =>
        function doQueue(...args) {
          this.queue = this.queue.map(inContext);
          return Reflect.apply(original, this, args);
        },
    );
    return exports;
  },
};

type QueuedCall = readonly [method: unknown, args: unknown];

interface Collection extends Readonly<Record<string, unknown>> {
  queue: readonly QueuedCall[];
}

/**
 * Keyed by the array of arguments: mongoose finds timed-out operations by method
 * and arguments, so the entries must not change.
 */
const callerContexts = new WeakMap<object, Context>();

function inContext(queued: QueuedCall): QueuedCall {
  const [name, args] = queued;
  const context = callerContexts.get(args as object);
  if (typeof name !== "string" || context === undefined) return queued;
  const call = function (this: Collection, ...values: unknown[]): unknown {
    const method = this[name] as (...values: unknown[]) => unknown;
    return contexts.with(context, method, this, ...values);
  };
  return [call, args];
}
