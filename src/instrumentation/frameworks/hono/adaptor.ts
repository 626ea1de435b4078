import type { RouteRecorder } from "../../../context/unit-views.ts";
import { activeRouteRecorder } from "../../../context/unit-access.ts";
import type { Adaptor } from "../../loading/adaptor.ts";
import {
  copyFunctionProperties,
  replaceMethod,
  replaceExports,
} from "../../loading/replace-method.ts";
import { type MiddlewareSpans, createMiddlewareSpans, functionName } from "../middleware-spans.ts";

/**
 * Records routes and errors of Hono 4, on `@hono/node-server` or wherever an app
 * calls its `fetch` for a request. Hono passes handlers to its routers with the
 * complete pattern of their path; each is wrapped there to record its route before
 * it runs.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    if (file.file.includes("/helper/streaming/")) return patchStreams(exports as object);
    const options = {
      spans: createMiddlewareSpans("hono", deps),
      recordsRequests: deps.recordsRequests,
    };
    for (const router of Object.values(exports as Record<string, unknown>)) {
      if (isRouter(router)) patchAdd(router.prototype, options);
    }
    return exports;
  },
};

interface HandlerOptions {
  readonly spans: MiddlewareSpans | undefined;
  readonly recordsRequests: boolean;
}

interface Router {
  readonly prototype: object;
}

function isRouter(value: unknown): value is Router {
  const { prototype } = value as { readonly prototype?: { readonly add?: unknown } };
  return typeof value === "function" && typeof prototype?.add === "function";
}

interface Context {
  readonly error?: unknown;
  readonly req: object & { readonly matchedRoutes?: readonly Route[] };
}

type Next = () => Promise<void>;
type Handler = (this: unknown, c: Context, next: Next) => unknown;

interface Route {
  /** Path with the base paths of all enclosing apps. */
  readonly path: string;
  /** Upper case; `ALL` for `app.all` and for middleware of `app.use`. */
  readonly method: string;
  readonly handler: Handler;
}

type Streaming = (
  this: unknown,
  c: Context,
  work: (...args: unknown[]) => unknown,
  ...rest: unknown[]
) => unknown;

/**
 * Records errors in an app's stream callback. Hono logs them or passes them to the
 * app's error handler, because the status is already sent.
 */
function patchStreams(exports: object): object {
  const replaced: Record<string, unknown> = {};
  for (const name of ["stream", "streamSSE"]) {
    const original = (exports as Readonly<Record<string, unknown>>)[name];
    if (typeof original === "function") replaced[name] = recordingStream(original as Streaming);
  }
  return replaceExports(exports, replaced);
}

function recordingStream(original: Streaming): Streaming {
  return copyFunctionProperties<Streaming>(function (c, work, ...rest) {
    const unit = activeRouteRecorder();
    if (unit === undefined) return original.call(this, c, work, ...rest);
    const recorded = (...args: unknown[]): unknown => recordStreamErrors(() => work(...args), unit);
    return original.call(this, c, recorded, ...rest);
  }, original);
}

function recordStreamErrors(work: () => unknown, unit: RouteRecorder): unknown {
  const fail = (error: unknown): never => {
    unit.recordFailure(error);
    throw error;
  };
  let result: unknown;
  try {
    result = work();
  } catch (error) {
    return fail(error);
  }
  return result instanceof Promise ? result.then(undefined, fail) : result;
}

/** Wrapped handlers: a router that selects among routers passes its handlers on to them. */
const recordingHandlers = new WeakSet<Handler>();

function patchAdd(prototype: object, options: HandlerOptions): void {
  replaceMethod(prototype, "add", (original) => {
    return function add(...args) {
      const [method, path, entry] = args;
      const [handler, route] = Array.isArray(entry) ? (entry as unknown[]) : [];
      if (
        typeof handler !== "function" ||
        !isRoute(route) ||
        recordingHandlers.has(handler as Handler)
      ) {
        return Reflect.apply(original, this, args);
      }
      return original.call(this, method, path, [
        recordingHandler(handler as Handler, route, options),
        route,
      ]);
    };
  });
}

function isRoute(value: unknown): value is Route {
  return typeof (value as Partial<Route> | undefined)?.path === "string";
}

function recordingHandler(
  handler: Handler,
  route: Route,
  { spans, recordsRequests }: HandlerOptions,
): Handler {
  const isHandler = isRouteHandler(route);
  const run = spans === undefined ? handler : withSpan(handler, isHandler, spans);
  function routeHandler(this: unknown, c: Context, next: Next): unknown {
    const unit = activeRouteRecorder();
    if (unit === undefined) return handler.call(this, c, next);
    if (recordsRequests) recordContext(unit, c);
    if (isHandler) unit.route = route.path;
    else unit.route ??= c.req.matchedRoutes?.find(isRouteHandler)?.path;
    return recordErrors(() => run.call(this, c, next), c, unit);
  }
  recordingHandlers.add(routeHandler);
  return copyFunctionProperties(routeHandler, handler);
}

/** Prototypes of patched requests. */
const recordedBodies = new WeakSet<object>();

function recordContext(unit: RouteRecorder, c: Context): void {
  unit.frameworkRequest = c;
  const prototype = Object.getPrototypeOf(c.req) as object;
  if (recordedBodies.has(prototype)) return;
  recordedBodies.add(prototype);
  for (const name of ["json", "parseBody"]) recordParsedBody(prototype, name);
}

/** Records a body that the app parses, which Hono keeps only as a promise. */
function recordParsedBody(prototype: object, name: string): void {
  replaceMethod(prototype, name, (original) => {
    return function parse(...args) {
      const parsing = Reflect.apply(original, this, args);
      const unit = activeRouteRecorder();
      if (unit === undefined || !(parsing instanceof Promise)) return parsing;
      return parsing.then((body: unknown) => {
        if (!unit.ended) unit.parsedBody = body;
        return body;
      });
    };
  });
}

/** Adds a span, below which the rest of the middleware runs, as in Koa. */
function withSpan(handler: Handler, isLast: boolean, spans: MiddlewareSpans): Handler {
  const label = isLast ? "handler" : "middleware";
  const name = isLast ? undefined : functionName(handler);
  return function (c, next) {
    const span = spans.start(label, label, name);
    return span === undefined
      ? handler.call(this, c, next)
      : span.run(() => handler.call(this, c, next));
  };
}

/**
 * Whether the route has a handler. Like Hono, recognizes middleware by its
 * parameters; a route with a specific method always has a handler.
 */
function isRouteHandler({ method, handler }: Route): boolean {
  return method !== "ALL" || (unwrapHandler(handler)?.length ?? 0) < 2;
}

/** Returns the handler that a sub-app with its own error handler has wrapped. */
function unwrapHandler(handler: Handler): Handler | undefined {
  return (handler as { readonly __COMPOSED_HANDLER?: Handler })?.__COMPOSED_HANDLER ?? handler;
}

function recordErrors(run: () => unknown, c: Context, unit: RouteRecorder): unknown {
  const record = (error: unknown): void => unit.recordError(error);
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    record(error);
    throw error;
  }
  if (result instanceof Promise) {
    result.then(() => {
      // The error handler of a sub-app has responded to it.
      if (c.error !== undefined) record(c.error);
    }, record);
  }
  return result;
}
