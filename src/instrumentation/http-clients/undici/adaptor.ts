import diagnosticsChannel from "node:diagnostics_channel";
import type { Context } from "@opentelemetry/api";
import { activeContext, runWithContext } from "../../../context/manager.ts";
import type { Adaptor } from "../../loading/adaptor.ts";
import { CurrentValue } from "../../loading/current-value.ts";
import { replaceMethod } from "../../loading/replace-method.ts";

/**
 * The package `undici`. It publishes a request (`http/client/undici.ts`) when a
 * connection takes it: in the context of another request if it was queued in a
 * pool, and again for each retry and each redirection. Node's own `fetch` opens as
 * many connections as it needs.
 */
export const adaptor: Adaptor = {
  patch(exports, { file }) {
    if (file.endsWith("request.js")) patchRequest(prototypeOf(exports));
    else if (file.endsWith("dispatcher-base.js")) patchBase(prototypeOf(exports));
    else if (file.endsWith("pool-base.js")) {
      patchPool((exports as { readonly PoolBase: { readonly prototype: object } }).PoolBase);
    } else patchClient(prototypeOf(exports));
    return exports;
  },
};

function prototypeOf(exports: unknown): object {
  return (exports as { readonly prototype: object }).prototype;
}

type DispatchArgs = [options: unknown, handler: object, ...rest: unknown[]];

/** Class names of the handlers that are dispatched several times for one request. */
const REPEATING_HANDLERS = new Set(["RetryHandler", "RedirectHandler"]);

const dispatchContexts = new WeakMap<object, Context>();

function patchBase(prototype: object): void {
  replaceMethod<object, DispatchArgs>(
    prototype,
    "dispatch",
    (original) =>
      function dispatch(...args) {
        const [, handler] = args;
        const name = (handler as object | undefined)?.constructor?.name;
        if (name === undefined || !REPEATING_HANDLERS.has(name))
          return Reflect.apply(original, this, args);
        const context = dispatchContexts.get(handler) ?? activeContext();
        dispatchContexts.set(handler, context);
        return runWithContext(context, () => Reflect.apply(original, this, args));
      },
  );
}

/** Contexts of the requests queued in a pool, by handler: an app may use one handler for many requests. */
const queuedContexts = new WeakMap<object, Context[]>();

interface Dispatch {
  readonly handler: object;
  isTaken: boolean;
}

/** The dispatch of a pool until a connection takes it. */
const currentDispatch = new CurrentValue<Dispatch | undefined>(undefined);

function patchPool({ prototype }: { readonly prototype: object }): void {
  replaceMethod<object, DispatchArgs>(
    prototype,
    dispatchSymbol(prototype),
    (original) =>
      function (...args) {
        const [, handler] = args;
        const dispatch = { handler, isTaken: false };
        try {
          return currentDispatch.run(dispatch, () => Reflect.apply(original, this, args));
        } finally {
          if (!dispatch.isTaken) queueContext(handler);
        }
      },
  );
}

function queueContext(handler: object): void {
  const contexts = queuedContexts.get(handler);
  if (contexts === undefined) queuedContexts.set(handler, [activeContext()]);
  else contexts.push(activeContext());
}

function patchClient(prototype: object): void {
  replaceMethod<object, DispatchArgs>(
    prototype,
    dispatchSymbol(prototype),
    (original) =>
      function (...args) {
        const [, handler] = args;
        const dispatch = currentDispatch.get();
        const isDirect = dispatch?.handler === handler;
        if (isDirect) dispatch.isTaken = true;
        const context = isDirect ? undefined : queuedContexts.get(handler)?.shift();
        if (context === undefined) return Reflect.apply(original, this, args);
        return runWithContext(context, () => Reflect.apply(original, this, args));
      },
  );
}

/** Methods that notify the handler: the names until undici 7, and those since 8. */
const HANDLER_METHODS = [
  ...["onConnect", "onHeaders", "onData", "onComplete", "onError", "onUpgrade"],
  ...["onRequestStart", "onResponseStart", "onResponseData", "onResponseEnd", "onResponseError"],
  "onRequestUpgrade",
];

/**
 * Calls handlers in the context of their request. The handlers of `dispatch()`, and
 * the stream of `pipeline()`, are called by the socket, which other requests share.
 * `request()`, `stream()` and `fetch()` restore the context themselves.
 */
function patchRequest(prototype: object): void {
  const callerContexts = new WeakMap<object, Context>();
  diagnosticsChannel.subscribe("undici:request:create", (message) => {
    const { request } = message as { readonly request: object };
    if (Object.getPrototypeOf(request) === prototype) callerContexts.set(request, activeContext());
  });
  for (const name of HANDLER_METHODS) {
    if (!Object.hasOwn(prototype, name)) continue;
    replaceMethod<object, unknown[]>(
      prototype,
      name,
      (original) =>
        function (...args) {
          const context = callerContexts.get(this);
          if (context === undefined) return Reflect.apply(original, this, args);
          return runWithContext(context, () => Reflect.apply(original, this, args));
        },
    );
  }
}

/** @throws TypeError if this version of undici has no such method */
function dispatchSymbol(prototype: object): symbol {
  const symbols = Object.getOwnPropertySymbols(prototype);
  const found = symbols.find(({ description }) => description === "dispatch");
  if (found === undefined) throw new TypeError("there is no [dispatch]()");
  return found;
}
