import diagnosticsChannel from "node:diagnostics_channel";
import type { Context } from "@opentelemetry/api";
import { activeContext, runIn } from "../context/manager.ts";
import type { Adaptor } from "./adaptor.ts";
import { replaceMethod } from "./method.ts";

/**
 * The package `undici`. Its channels tell of a request when a connection takes
 * it (`entry/undici.ts`): in another's context where it has waited in a pool,
 * and for each further try and each redirection. Node's own `fetch` opens as
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

/** What is dispatched again and again for one request, by the names of its classes. */
const REPEATING = new Set(["RetryHandler", "RedirectHandler"]);

const dispatchedIn = new WeakMap<object, Context>();

function patchBase(prototype: object): void {
  replaceMethod<object, DispatchArgs>(
    prototype,
    "dispatch",
    (original) =>
      function dispatch(...args) {
        const [, handler] = args;
        const name = (handler as object | undefined)?.constructor?.name;
        if (name === undefined || !REPEATING.has(name)) return Reflect.apply(original, this, args);
        const context = dispatchedIn.get(handler) ?? activeContext();
        dispatchedIn.set(handler, context);
        return runIn(context, () => Reflect.apply(original, this, args));
      },
  );
}

/** The contexts of what waits in a pool, by its handler: an app may use one for many requests. */
const waiting = new WeakMap<object, Context[]>();

/** What a pool is just dispatching, until a connection has it. */
let dispatching: { readonly handler: object; isTaken: boolean } | undefined;

function patchPool({ prototype }: { readonly prototype: object }): void {
  replaceMethod<object, DispatchArgs>(
    prototype,
    dispatchOf(prototype),
    (original) =>
      function (...args) {
        const [, handler] = args;
        const outer = dispatching;
        const mine = { handler, isTaken: false };
        dispatching = mine;
        try {
          return Reflect.apply(original, this, args);
        } finally {
          dispatching = outer;
          if (!mine.isTaken) keep(handler);
        }
      },
  );
}

function keep(handler: object): void {
  const contexts = waiting.get(handler);
  if (contexts === undefined) waiting.set(handler, [activeContext()]);
  else contexts.push(activeContext());
}

function patchClient(prototype: object): void {
  replaceMethod<object, DispatchArgs>(
    prototype,
    dispatchOf(prototype),
    (original) =>
      function (...args) {
        const [, handler] = args;
        const isDirect = dispatching?.handler === handler;
        if (isDirect && dispatching !== undefined) dispatching.isTaken = true;
        const context = isDirect ? undefined : waiting.get(handler)?.shift();
        if (context === undefined) return Reflect.apply(original, this, args);
        return runIn(context, () => Reflect.apply(original, this, args));
      },
  );
}

/** What a request tells its handler; the names are those until undici 7, and those since 8. */
const TELLING = [
  ...["onConnect", "onHeaders", "onData", "onComplete", "onError", "onUpgrade"],
  ...["onRequestStart", "onResponseStart", "onResponseData", "onResponseEnd", "onResponseError"],
  "onRequestUpgrade",
];

/**
 * The handlers of `dispatch()`, and the stream of `pipeline()`, are called by
 * the socket, which other requests share; `request()`, `stream()` and `fetch()`
 * have contexts of their own.
 */
function patchRequest(prototype: object): void {
  const callers = new WeakMap<object, Context>();
  diagnosticsChannel.subscribe("undici:request:create", (message) => {
    const { request } = message as { readonly request: object };
    if (Object.getPrototypeOf(request) === prototype) callers.set(request, activeContext());
  });
  for (const name of TELLING) {
    if (!Object.hasOwn(prototype, name)) continue;
    replaceMethod<object, unknown[]>(
      prototype,
      name,
      (original) =>
        function (...args) {
          const context = callers.get(this);
          if (context === undefined) return Reflect.apply(original, this, args);
          return runIn(context, () => Reflect.apply(original, this, args));
        },
    );
  }
}

/** @throws TypeError if it isn't there: then this version is another one */
function dispatchOf(prototype: object): symbol {
  const symbols = Object.getOwnPropertySymbols(prototype);
  const found = symbols.find(({ description }) => description === "dispatch");
  if (found === undefined) throw new TypeError("there is no [dispatch]()");
  return found;
}
