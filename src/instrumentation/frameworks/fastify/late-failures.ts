import { errorMonitor, EventEmitter } from "node:events";
import { findRouteRecorder, recordRequestError } from "../../../context/unit-access.ts";
import {
  copyFunctionProperties,
  type Method,
  replaceMethod,
} from "../../loading/replace-method.ts";

/*
 * Failures that Fastify only logs, because the response is already sent: a handler
 * that rejects after it has sent or hijacked the reply, an error that is sent as
 * the second response, a stream that breaks, an `onResponse` hook.
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
    // `errorMonitor` is no error listener: an unhandled error remains unhandled.
    payload.on(errorMonitor, (error) => recordStreamError(reply, error));
  }
}

/** Before the headers are sent, Fastify turns the error into a response, by its error handlers. */
function recordStreamError({ request: { raw } }: Reply, error: unknown): void {
  if (raw !== undefined) recordRequestError(raw, error);
}

/** Records a failure whatever the status: a hijacked reply may have sent no headers. */
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

/** Replaces a handler's promise, so that Fastify subscribes to it once, as without the patch. */
function recordingThenable(thenable: Thenable, reply: Reply): object {
  const listen: Then = (onValue, onError) =>
    thenable.then(onValue, (error) => {
      if (reply.sent) recordFailure(reply, error);
      return onError(error);
    });
  return objectWithMethod("then", listen);
}

/** The linter forbids literals with a `then`. */
function objectWithMethod(name: string, method: unknown): object {
  return { [name]: method };
}

type HookDone = (error: unknown, request: { readonly raw?: object }, ...rest: unknown[]) => unknown;

/** Fastify 4.0 has no separate runner for these hooks. */
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
