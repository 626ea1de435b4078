import diagnosticsChannel from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import { recordRequestError, routeRecorderOf } from "../../../context/unit-access.ts";
import type { Adaptor, LoadedFile, AdaptorDeps } from "../../loading/adaptor.ts";
import { recordRequestsInHandler, recordRequestsInHooks } from "./requests.ts";
import { wrapWrapThenable, patchHooks, patchReplies } from "./late-failures.ts";
import { copyFunctionProperties, replaceMethod } from "../../loading/replace-method.ts";
import { tryOrReport } from "../../loading/try-or-report.ts";
import { type MiddlewareSpans, createMiddlewareSpans, functionName } from "../middleware-spans.ts";

/**
 * Records routes and errors of Fastify 4 and 5. Its router (`find-my-way`) knows
 * the routes with all prefixes; the route of a request is recorded before any hook
 * runs. All errors pass through one function on their way to a response.
 * `late-failures.ts` records errors after the response, which Fastify only logs.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    addMiddlewareSpansOnce(createMiddlewareSpans("fastify", deps), deps);
    if (file.package === "find-my-way") {
      recordRoutes((exports as RouterModule).prototype);
      return exports;
    }
    return patchOf(file, deps)(exports as never) ?? exports;
  },
};

function patchOf(
  { file }: LoadedFile,
  { recordsRequests }: AdaptorDeps,
): (exports: never) => unknown {
  switch (file) {
    case "lib/error-handler.js":
      return recordErrors;
    case "lib/reply.js":
      return patchReplies;
    case "lib/hooks.js":
      return (exports: object) => {
        patchHooks(exports);
        if (recordsRequests) recordRequestsInHooks(exports);
      };
    case "lib/handle-request.js":
    case "lib/handleRequest.js":
      return recordsRequests ? recordRequestsInHandler : () => undefined;
    default:
      return wrapWrapThenable;
  }
}

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

function recordRoutes(prototype: object): void {
  replaceMethod(prototype, "on", (original) => {
    return function on(...args: unknown[]) {
      return Reflect.apply(original, this, withRouteRecording(args));
    };
  });
}

/**
 * Makes the handler of a route record it: `on(method, path, options, handler,
 * store)`. Routes of other libraries on find-my-way, and Fastify's own 404 routes,
 * are unchanged.
 */
function withRouteRecording(args: unknown[]): unknown[] {
  const [method, path, options, handler, store] = args;
  const route = routeOfStore(store);
  if (route === undefined || typeof handler !== "function") return args;
  return [method, path, options, recordAndHandle(route, handler as Handler), store];
}

function recordAndHandle(route: string, handler: Handler): Handler {
  return function routeHandler(request, response, params, store, query) {
    const unit = routeRecorderOf(request);
    if (unit !== undefined) unit.route = route;
    return handler.call(this, request, response, params, store, query);
  };
}

/** Returns the URL in Fastify's context of a route; the context of a 404 handler has none. */
function routeOfStore(store: unknown): string | undefined {
  if (typeof store !== "object" || store === null || !("config" in store)) return undefined;
  const { config } = store as { readonly config: unknown };
  if (typeof config !== "object" || config === null || !("url" in config)) return undefined;
  return typeof config.url === "string" ? config.url || "/" : undefined;
}

interface ReplyLike {
  readonly request?: { readonly raw?: object };
}

function recordErrors(exports: object): void {
  replaceMethod<unknown, [ReplyLike, unknown, unknown]>(exports, "handleError", (original) => {
    return function handleError(reply, error, callback) {
      const raw = reply.request?.raw;
      if (raw !== undefined) recordRequestError(raw, error);
      return original.call(this, reply, error, callback);
    };
  });
}

/** Hooks between a request and its response. */
const REQUEST_HOOKS: ReadonlySet<string> = new Set([
  "onRequest",
  "preParsing",
  "preValidation",
  "preHandler",
  "preSerialization",
  "onError",
  "onSend",
]);

const initialization = { isSubscribed: false };

/** Fastify publishes each new instance; nested instances inherit its methods. */
function addMiddlewareSpansOnce(
  spans: MiddlewareSpans | undefined,
  { diagnostics }: AdaptorDeps,
): void {
  if (spans === undefined || initialization.isSubscribed) return;
  initialization.isSubscribed = true;
  diagnosticsChannel.subscribe("fastify.initialization", (message) => {
    const { fastify } = message as { readonly fastify: Instance };
    tryOrReport(diagnostics, "fastify.spans", "Fastify hooks have no spans", () =>
      addMiddlewareSpans(fastify, spans),
    );
  });
}

type Hook = (this: unknown, ...args: unknown[]) => unknown;
type RouteOptions = Record<string, unknown>;

interface Instance {
  addHook(name: "onRoute", hook: (route: RouteOptions) => void): unknown;
}

function addMiddlewareSpans(instance: Instance, spans: MiddlewareSpans): void {
  instance.addHook("onRoute", (route) => {
    for (const name of REQUEST_HOOKS) {
      const hooks = route[name];
      if (typeof hooks === "function") route[name] = withSpan(hooks as Hook, name, spans);
      else if (Array.isArray(hooks)) {
        route[name] = hooks.map((hook) => withSpan(hook as Hook, name, spans));
      }
    }
    route["handler"] = withSpan(route["handler"] as Hook, "handler", spans);
  });
  replaceMethod<unknown, [string, Hook]>(instance, "addHook", (original) => {
    return function addHook(name, hook) {
      const isTraced = REQUEST_HOOKS.has(name) && typeof hook === "function";
      return original.call(this, name, isTraced ? withSpan(hook, name, spans) : hook);
    };
  });
}

/**
 * Wrapped hooks: a HEAD route that Fastify adds shares the hooks and the handler
 * of its GET route.
 */
const wrappedHooks = new WeakSet<Hook>();

function withSpan(original: Hook, label: string, spans: MiddlewareSpans): Hook {
  if (typeof original !== "function" || wrappedHooks.has(original)) return original;
  const isHandler = label === "handler";
  const name = isHandler ? undefined : functionName(original);
  const hook: Hook = function (...args) {
    const span = spans.start(label, isHandler ? "request-handler" : "hook", name);
    if (span === undefined) return Reflect.apply(original, this, args);
    const done = args.at(-1);
    if (typeof done === "function") {
      args[args.length - 1] = (...results: unknown[]) =>
        span.continueWith(() => Reflect.apply(done as Hook, undefined, results), results[0]);
    }
    return span.run(() => Reflect.apply(original, this, args));
  };
  wrappedHooks.add(hook);
  return copyFunctionProperties(hook, original);
}
