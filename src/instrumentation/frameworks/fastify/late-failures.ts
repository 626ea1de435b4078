import { errorMonitor, EventEmitter } from "node:events";
import { findRouteRecorder, recordRequestError } from "../../../context/unit-access.ts";
import {
  copyFunctionProperties,
  type Method,
  replaceMethod,
} from "../../loading/replace-method.ts";

/*
 * What Fastify only logs, since its response is out: a handler that rejects
 * after it has sent or hijacked the reply, an error that is sent as the second
 * answer, a stream that breaks, an `onResponse` hook.
 */

interface Reply {
  readonly sent: boolean;
  readonly request: { readonly raw?: object };
}

export function patchReplies({ prototype }: { readonly prototype: object }): void {
  replaceMethod<Reply, [unknown]>(prototype, "send", (original) => {
    return function send(payload) {
      if (typeof payload === "object" && payload !== null) recordPayloadErrors(this, payload);
      return original.call(this, payload);
    };
  });
}

function recordPayloadErrors(reply: Reply, payload: object): void {
  if (payload instanceof Error) {
    if (reply.sent) recordFailure(reply, payload);
  } else if (payload instanceof EventEmitter) {
    // No listener to Node: an error that nobody listens to stays one.
    payload.on(errorMonitor, (error) => recordStreamError(reply, error));
  }
}

/** Before the head is out Fastify makes a response of it, by its error handlers. */
function recordStreamError({ request: { raw } }: Reply, error: unknown): void {
  if (raw !== undefined) recordRequestError(raw, error);
}

/** A hijacked reply may have no head yet. */
function recordFailure({ request: { raw } }: Reply, error: unknown): void {
  if (raw !== undefined) findRouteRecorder(raw)?.recordFailure(error);
}

type Then = (onValue: unknown, onError: (error: unknown) => unknown) => unknown;

interface Thenable {
  readonly then: Then;
}

type WrapThenable = Method<unknown, [object, Reply, ...unknown[]]>;

export function wrapWrapThenable(original: WrapThenable): WrapThenable {
  return copyFunctionProperties<WrapThenable>(function (thenable, reply, ...rest) {
    return original.call(this, recordingThenable(thenable as Thenable, reply), reply, ...rest);
  }, original);
}

/** Stands for a handler's promise, to which Fastify thus listens once, as without us. */
function recordingThenable(thenable: Thenable, reply: Reply): object {
  const listen: Then = (onValue, onError) =>
    thenable.then(onValue, (error) => {
      if (reply.sent) recordFailure(reply, error);
      return onError(error);
    });
  return objectWith("then", listen);
}

function objectWith(name: string, method: unknown): object {
  return { [name]: method };
}

type HookDone = (error: unknown, request: { readonly raw?: object }, ...rest: unknown[]) => unknown;

/** Fastify 4.0 has no runner of its own for these hooks. */
export function patchHooks(exports: object): void {
  if (!("onResponseHookRunner" in exports)) return;
  type Args = [unknown, unknown, unknown, HookDone];
  replaceMethod<unknown, Args>(exports, "onResponseHookRunner", (original) => {
    return function onResponseHookRunner(functions, request, reply, done) {
      return original.call(this, functions, request, reply, (error, ended, ...rest) => {
        if (error && ended.raw !== undefined) recordRequestError(ended.raw, error);
        return done(error, ended, ...rest);
      });
    };
  });
}
