import { EventEmitter } from "node:events";
import { context as contexts } from "@opentelemetry/api";
import { type ContextRef, bindEmitterToContext } from "../../context/emit.ts";
import { activeContext } from "../../context/manager.ts";
import { replaceMethod } from "./replace-method.ts";

/*
 * A call that is queued for a connection, or that is pending on a response, is
 * resumed by the code that releases the connection, or by the socket. Both run in
 * another context: that of another request, or that of the code that opened the
 * connection. Callbacks are therefore bound to the context of their caller, with
 * or without a span, because the request id and the user are stored in the context
 * too.
 */

/** Binds a function to the active context; returns any other value unchanged. */
export function bindToCaller(value: unknown): unknown {
  return typeof value === "function" ? contexts.bind(contexts.active(), value) : value;
}

/**
 * Binds all functions among the arguments of `target[name]` to the context of its
 * caller.
 *
 * @param onCall called with `this` before each call
 * @throws TypeError if there is no such method; `target` is then unchanged
 */
export function bindArguments(target: object, name: string, onCall?: (self: object) => void): void {
  replaceMethod<object, unknown[]>(
    target,
    name,
    (original) =>
      function (...args) {
        onCall?.(this);
        return Reflect.apply(original, this, bindFunctions(args));
      },
  );
}

/** Binds all functions among `args`, in place. */
export function bindFunctions(args: unknown[]): unknown[] {
  for (const [at, arg] of args.entries()) {
    if (typeof arg === "function") args[at] = bindToCaller(arg);
  }
  return args;
}

const boundEmitters = new WeakMap<EventEmitter, ContextRef>();

/**
 * Binds the listeners of `emitter` to the active context. A later call, such as
 * for a query that runs again, binds them to the context that is active then. Any
 * other value is ignored.
 */
export function bindEvents(emitter: unknown): void {
  if (!(emitter instanceof EventEmitter) || !Object.isExtensible(emitter)) return;
  const context = activeContext();
  const known = boundEmitters.get(emitter);
  if (known !== undefined) {
    known.context = context;
    return;
  }
  const emittingContext = { context };
  boundEmitters.set(emitter, emittingContext);
  bindEmitterToContext(emittingContext, emitter);
}
