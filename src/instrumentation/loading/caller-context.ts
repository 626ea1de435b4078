import { EventEmitter } from "node:events";
import { context as contexts } from "@opentelemetry/api";
import { type ContextRef, bindEmitterToContext } from "../../context/emit.ts";
import { activeContext } from "../../context/manager.ts";
import { replaceMethod } from "./replace-method.ts";

/*
 * Work that waits for a connection, a turn or an answer is woken by whoever gives
 * the connection back, or by the socket: in the context of another request, or
 * of the one that opened the connection. So what a library calls back is bound
 * to the context of its caller, whether there is a span or not: request id and
 * user hang on the context, too.
 */

/** A function that runs in the context that is active now; anything else as it is. */
export function bindToCaller(value: unknown): unknown {
  return typeof value === "function" ? contexts.bind(contexts.active(), value) : value;
}

/**
 * Lets `target[name]` call back in the context of its caller: all functions
 * among its arguments are bound.
 *
 * @param onCall is called with `this` before
 * @throws TypeError if there is no such method; `target` is then untouched
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
 * Lets `emitter` emit in the context that is active now. Called again, as for a
 * query that is run again, in that of then. What is no emitter stays as it is.
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
