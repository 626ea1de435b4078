import type { IncomingMessage } from "node:http";
import { holderOf } from "../context/holder.ts";
import type { Adaptor } from "./adaptor.ts";
import { replaceMethod } from "./method.ts";

/**
 * Fastify 4 and 5. Its routes are known to its router (`find-my-way`) with all
 * prefixes; a matched request notes which one it was, before any hook runs.
 * Its errors all pass through one function on their way to a response.
 */
export const adaptor: Adaptor = {
  patch(exports, file) {
    if (file.package === "find-my-way") noteRoutes((exports as RouterModule).prototype);
    else noteErrors(exports as object);
    return exports;
  },
};

interface RouterModule {
  readonly prototype: object;
}

type Handler = (
  this: unknown,
  request: IncomingMessage,
  response: unknown,
  params: unknown,
  store: unknown,
  query: unknown,
) => unknown;

function noteRoutes(prototype: object): void {
  replaceMethod(prototype, "on", (original) => {
    return function on(...args: unknown[]) {
      return Reflect.apply(original, this, withNote(args));
    };
  });
}

/**
 * `on(method, path, options, handler, store)`: the handler of a route of
 * Fastify's (others use find-my-way too, and Fastify's own 404s) first notes it.
 */
function withNote(args: unknown[]): unknown[] {
  const [method, path, options, handler, store] = args;
  const route = routeOfStore(store);
  if (route === undefined || typeof handler !== "function") return args;
  return [method, path, options, noteAndHandle(route, handler as Handler), store];
}

function noteAndHandle(route: string, handler: Handler): Handler {
  return function routeHandler(request, response, params, store, query) {
    const holder = holderOf(request);
    if (holder !== undefined) holder.route = route;
    return handler.call(this, request, response, params, store, query);
  };
}

/** Fastify's context of a route has its url; that of a 404 handler hasn't. */
function routeOfStore(store: unknown): string | undefined {
  if (typeof store !== "object" || store === null || !("config" in store)) return undefined;
  const { config } = store as { readonly config: unknown };
  if (typeof config !== "object" || config === null || !("url" in config)) return undefined;
  return typeof config.url === "string" ? config.url || "/" : undefined;
}

interface ReplyLike {
  readonly request?: { readonly raw?: object };
}

function noteErrors(exports: object): void {
  replaceMethod<unknown, [ReplyLike, unknown, unknown]>(exports, "handleError", (original) => {
    return function handleError(reply, error, callback) {
      const raw = reply.request?.raw;
      if (raw !== undefined) holderOf(raw)?.noteError(error);
      return original.call(this, reply, error, callback);
    };
  });
}
