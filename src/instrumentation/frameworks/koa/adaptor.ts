import type { IncomingMessage } from "node:http";
import {
  activeRouteRecorder,
  recordFrameworkRequest,
  recordRequestError,
  routeRecorderOf,
} from "../../../context/unit-access.ts";
import { joinPattern, patternText } from "../../../context/route-pattern.ts";
import { trimEndOf } from "../../../text.ts";
import type { Adaptor, AdaptorDeps } from "../../loading/adaptor.ts";
import {
  copyFunctionProperties,
  type Method,
  replaceMethod,
} from "../../loading/replace-method.ts";
import { type MiddlewareSpans, createMiddlewareSpans, functionName } from "../middleware-spans.ts";

/**
 * Records routes and errors of Koa 2 and 3, with `@koa/router` (or `koa-router`,
 * its former name) and `koa-mount`: the route whose handlers run, with its mount
 * path, and the error to which Koa or a middleware of the app responds.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    if (file.package === "koa-mount") return wrapMount(exports as Mount);
    if (file.file === "lib/context.js") return recordThrown(exports as object);
    const spans = createMiddlewareSpans("koa", deps);
    if (file.package === "koa") patchApplication((exports as Class).prototype, spans, deps);
    else patchRouter(routerIn(exports as RouterModule).prototype, spans);
    return exports;
  },
};

interface Class {
  readonly prototype: object;
}

interface Context {
  readonly req: IncomingMessage;
}

type Next = () => unknown;
type Middleware = (this: unknown, ctx: Context, next: Next) => unknown;

function patchApplication(
  prototype: object,
  spans: MiddlewareSpans | undefined,
  { recordsRequests }: AdaptorDeps,
): void {
  recordErrors(prototype);
  if (recordsRequests) recordContexts(prototype);
  if (spans === undefined) return;
  replaceMethod<unknown, [unknown]>(prototype, "use", (original) => {
    return function use(middleware) {
      return original.call(this, withSpan(middleware, spans, "middleware"));
    };
  });
}

/** Records the context of each request; that of a mounted app is the same. */
function recordContexts(prototype: object): void {
  replaceMethod(prototype, "createContext", (original) => {
    return function createContext(...args) {
      const ctx = Reflect.apply(original, this, args) as Context;
      recordFrameworkRequest(ctx.req, ctx);
      return ctx;
    };
  });
}

/** Adds a span, below which the rest of the middleware runs: Koa calls it from within. */
function withSpan(
  middleware: unknown,
  spans: MiddlewareSpans,
  type: "middleware" | "router",
): unknown {
  if (typeof middleware !== "function" || delegates(middleware)) return middleware;
  const original = middleware as Middleware;
  const name = type === "middleware" ? functionName(original) : undefined;
  return copyFunctionProperties(function (this: unknown, ctx: Context, next: Next): unknown {
    const span = spans.start(type, type, name);
    if (span === undefined) return original.call(this, ctx, next);
    return span.run(() => original.call(this, ctx, next));
  }, original);
}

const mounts = new WeakSet<object>();

/**
 * Whether a middleware only delegates: functions in a router or a mounted app have
 * their own spans.
 */
function delegates(middleware: object): boolean {
  return "router" in middleware || mounts.has(middleware);
}

/**
 * Records what no middleware catches as it was thrown: Koa wraps anything but an error in a new
 * one before it emits that.
 */
function recordThrown(context: object): object {
  replaceMethod<Context, [unknown]>(context, "onerror", (original) => {
    return function onerror(thrown) {
      if (thrown !== undefined && thrown !== null) recordRequestError(this.req, thrown);
      return original.call(this, thrown);
    };
  });
  return context;
}

/**
 * Records errors that no middleware catches, which Koa emits on the app, and those
 * of error handlers that follow its guide: `ctx.app.emit("error", error, ctx)`.
 * https://github.com/koajs/koa/blob/master/docs/error-handling.md
 */
function recordErrors(prototype: object): void {
  replaceMethod<unknown, [string, unknown, Partial<Context>?]>(prototype, "emit", (original) => {
    return function emit(...args) {
      const [event, error, ctx] = args;
      const request = event === "error" ? ctx?.req : undefined;
      if (request !== undefined && error) recordRequestError(request, error);
      return Reflect.apply(original, this, args);
    };
  });
}

/** The class itself up to version 12, a property in later versions. */
type RouterModule = Partial<Record<"Router" | "default", Class>> & Class;

function routerIn(exports: RouterModule): Class {
  return exports.Router ?? exports.default ?? exports;
}

interface Layer {
  readonly path: unknown;
  /** Empty for a middleware of `router.use`. */
  readonly methods: readonly string[];
}

interface Matched {
  /** Whether one of the layers has the method of the request. */
  readonly route: boolean;
  readonly pathAndMethod: readonly Layer[];
}

function patchRouter(prototype: object, spans: MiddlewareSpans | undefined): void {
  if (spans !== undefined) addMiddlewareSpans(prototype, spans);
  for (const name of ["routes", "middleware"]) {
    replaceMethod(prototype, name, (original) => {
      return function routes(...args) {
        return recordRejections(Reflect.apply(original, this, args) as Middleware);
      };
    });
  }
  replaceMethod(prototype, "match", (original) => {
    return function match(...args) {
      const matched = Reflect.apply(original, this, args) as Matched;
      recordFirstRoute(matched);
      return matched;
    };
  });
}

function addMiddlewareSpans(prototype: object, spans: MiddlewareSpans): void {
  replaceMethod(prototype, "register", (original) => {
    return function register(...args) {
      const [path, methods, middleware, ...rest] = args;
      // The router registers each path of a list separately.
      if (Array.isArray(path)) return Reflect.apply(original, this, args);
      const type = (methods as readonly string[]).length > 0 ? "router" : "middleware";
      const wrapped = [middleware].flat().map((one) => withSpan(one, spans, type));
      return original.call(this, path, methods, wrapped, ...rest);
    };
  });
}

const wrappedDispatches = new WeakSet<Middleware>();

/**
 * Records an error when it leaves the router, because a middleware around it may
 * turn it into a response.
 */
function recordRejections(original: Middleware): Middleware {
  if (wrappedDispatches.has(original)) return original;
  const dispatch: Middleware = function (ctx, next) {
    const result = original.call(this, ctx, next);
    return result instanceof Promise ? recordRejection(result, ctx) : result;
  };
  wrappedDispatches.add(dispatch);
  return copyFunctionProperties(dispatch, original);
}

/** Replaces the promise: a second subscription would hide an unhandled rejection. */
function recordRejection(result: Promise<unknown>, { req }: Context): Promise<unknown> {
  return result.then(undefined, (error: unknown) => {
    recordRequestError(req, error);
    throw error;
  });
}

/** Records a route before its handlers run, because middleware of the router may respond alone. */
function recordFirstRoute({ route, pathAndMethod }: Matched): void {
  if (!route) return;
  const first = pathAndMethod.find(isRoute);
  if (first === undefined) return;
  patchLayers(Object.getPrototypeOf(first) as object);
  recordRoute(first);
}

const patchedLayers = new WeakSet<object>();

/**
 * Records each of several matching routes when it runs. The class of the layers is
 * not exported.
 */
function patchLayers(prototype: object): void {
  if (patchedLayers.has(prototype)) return;
  patchedLayers.add(prototype);
  replaceMethod<Layer, unknown[]>(prototype, "captures", (original) => {
    return function captures(...args) {
      if (isRoute(this)) recordRoute(this);
      return Reflect.apply(original, this, args);
    };
  });
}

function isRoute({ methods }: Layer): boolean {
  return methods.length > 0;
}

/** Records the path of a layer, which includes the prefixes of all enclosing routers. */
function recordRoute({ path }: Layer): void {
  const unit = activeRouteRecorder();
  const pattern = patternText(path);
  if (unit !== undefined && pattern !== undefined) {
    unit.route = joinPattern(unit.mountPath, pattern);
  }
}

type Mount = Method<unknown, [unknown, unknown?]>;

function wrapMount(exports: Mount): Mount {
  return copyFunctionProperties(
    function mount(this: unknown, prefix, app) {
      const middleware = exports.call(this, prefix, app) as Middleware;
      const pattern = typeof prefix === "string" ? trimEndOf(prefix, "/") : "";
      const mounted =
        pattern === ""
          ? middleware
          : copyFunctionProperties(runInMount(pattern, middleware), middleware);
      mounts.add(mounted);
      return mounted;
    } satisfies Mount,
    exports,
  );
}

/**
 * Sets the mount path while a mounted app runs, and resets it for `next`, which is
 * called if the prefix does not match or if the app does not respond.
 */
function runInMount(pattern: string, middleware: Middleware): Middleware {
  return function (ctx, next) {
    const unit = routeRecorderOf(ctx.req);
    if (unit === undefined) return middleware.call(this, ctx, next);
    const outer = unit.mountPath;
    unit.mountPath = outer + pattern;
    return middleware.call(this, ctx, () => {
      unit.mountPath = outer;
      return next();
    });
  };
}
