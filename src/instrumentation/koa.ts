import type { IncomingMessage } from "node:http";
import { holderOf } from "../context/holder.ts";
import { noteError } from "../context/failures.ts";
import { activeHolder } from "../context/manager.ts";
import { joinPattern, patternText } from "../context/route-pattern.ts";
import { withoutEnd } from "../text.ts";
import type { Adaptor } from "./adaptor.ts";
import { disguise, type Method, replaceMethod } from "./method.ts";
import { type MiddlewareSpans, middlewareSpans, nameOf } from "./middleware-spans.ts";

/**
 * Koa 2 and 3, with `@koa/router` (or `koa-router`, its old name) and
 * `koa-mount`. A request is told the route whose handlers run, below the mounts
 * it is in, and the error that Koa or a middleware of the app's answers.
 */
export const adaptor: Adaptor = {
  patch(exports, file, services) {
    if (file.package === "koa-mount") return replaceMount(exports as Mount);
    const spans = middlewareSpans("koa", services);
    if (file.package === "koa") patchApplication((exports as Class).prototype, spans);
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

function patchApplication(prototype: object, spans: MiddlewareSpans | undefined): void {
  noteErrors(prototype);
  if (spans === undefined) return;
  replaceMethod<unknown, [unknown]>(prototype, "use", (original) => {
    return function use(middleware) {
      return original.call(this, withSpan(middleware, spans, "middleware"));
    };
  });
}

/** Koa's middleware goes on within itself, so its span has those of what comes after it below. */
function withSpan(
  middleware: unknown,
  spans: MiddlewareSpans,
  type: "middleware" | "router",
): unknown {
  if (typeof middleware !== "function" || handsOn(middleware)) return middleware;
  const original = middleware as Middleware;
  const name = type === "middleware" ? nameOf(original) : undefined;
  return disguise(function (this: unknown, ctx: Context, next: Next): unknown {
    const span = spans.start(type, type, name);
    if (span === undefined) return original.call(this, ctx, next);
    return span.run(() => original.call(this, ctx, next));
  }, original);
}

const mounts = new WeakSet<object>();

/** What is in a router or a mounted app has spans of its own. */
function handsOn(middleware: object): boolean {
  return "router" in middleware || mounts.has(middleware);
}

/**
 * All that goes wrong and that no middleware catches, Koa emits on the app, and
 * so do error handlers that follow its guide: `ctx.app.emit("error", error, ctx)`.
 * https://github.com/koajs/koa/blob/master/docs/error-handling.md
 */
function noteErrors(prototype: object): void {
  replaceMethod<unknown, [string, unknown, Partial<Context>?]>(prototype, "emit", (original) => {
    return function emit(...args) {
      const [event, error, ctx] = args;
      const request = event === "error" ? ctx?.req : undefined;
      if (request !== undefined && error) noteError(request, error);
      return Reflect.apply(original, this, args);
    };
  });
}

/** The class itself up to version 12, a property since. */
type RouterModule = Partial<Record<"Router" | "default", Class>> & Class;

function routerIn(exports: RouterModule): Class {
  return exports.Router ?? exports.default ?? exports;
}

interface Layer {
  readonly path: unknown;
  /** None: it is a middleware of `router.use`. */
  readonly methods: readonly string[];
}

interface Matched {
  /** Whether a layer with the request's method is among them. */
  readonly route: boolean;
  readonly pathAndMethod: readonly Layer[];
}

function patchRouter(prototype: object, spans: MiddlewareSpans | undefined): void {
  if (spans !== undefined) giveSpans(prototype, spans);
  for (const name of ["routes", "middleware"]) {
    replaceMethod(prototype, name, (original) => {
      return function routes(...args) {
        return watchDispatch(Reflect.apply(original, this, args) as Middleware);
      };
    });
  }
  replaceMethod(prototype, "match", (original) => {
    return function match(...args) {
      const matched = Reflect.apply(original, this, args) as Matched;
      noteFirst(matched);
      return matched;
    };
  });
}

function giveSpans(prototype: object, spans: MiddlewareSpans): void {
  replaceMethod(prototype, "register", (original) => {
    return function register(...args) {
      const [path, methods, middleware, ...rest] = args;
      // Of a list of paths, each is registered by itself.
      if (Array.isArray(path)) return Reflect.apply(original, this, args);
      const type = (methods as readonly string[]).length > 0 ? "router" : "middleware";
      const wrapped = [middleware].flat().map((one) => withSpan(one, spans, type));
      return original.call(this, path, methods, wrapped, ...rest);
    };
  });
}

const watched = new WeakSet<Middleware>();

/** An error is noted as it leaves the router: a middleware around it may turn it into a response. */
function watchDispatch(original: Middleware): Middleware {
  if (watched.has(original)) return original;
  const dispatch: Middleware = function (ctx, next) {
    const result = original.call(this, ctx, next);
    return result instanceof Promise ? noteRejection(result, ctx) : result;
  };
  watched.add(dispatch);
  return disguise(dispatch, original);
}

/** In the place of the promise: to listen to that one would hush one that nobody else listens to. */
function noteRejection(result: Promise<unknown>, { req }: Context): Promise<unknown> {
  return result.then(undefined, (error: unknown) => {
    noteError(req, error);
    throw error;
  });
}

/** Before any handler runs: the middleware of the router may answer alone. */
function noteFirst({ route, pathAndMethod }: Matched): void {
  if (!route) return;
  const first = pathAndMethod.find(isRoute);
  if (first === undefined) return;
  watchLayers(Object.getPrototypeOf(first) as object);
  noteRoute(first);
}

const patchedLayers = new WeakSet<object>();

/** Of several routes that match, each is noted as it runs. The class of layers is not exported. */
function watchLayers(prototype: object): void {
  if (patchedLayers.has(prototype)) return;
  patchedLayers.add(prototype);
  replaceMethod<Layer, unknown[]>(prototype, "captures", (original) => {
    return function captures(...args) {
      if (isRoute(this)) noteRoute(this);
      return Reflect.apply(original, this, args);
    };
  });
}

function isRoute({ methods }: Layer): boolean {
  return methods.length > 0;
}

/** The layer's path has the prefixes of all routers around it. */
function noteRoute({ path }: Layer): void {
  const holder = activeHolder();
  const pattern = patternText(path);
  if (holder !== undefined && pattern !== undefined) {
    holder.route = joinPattern(holder.mount, pattern);
  }
}

type Mount = Method<unknown, [unknown, unknown?]>;

function replaceMount(exports: Mount): Mount {
  return disguise(
    function mount(this: unknown, prefix, app) {
      const middleware = exports.call(this, prefix, app) as Middleware;
      const pattern = typeof prefix === "string" ? withoutEnd(prefix, "/") : "";
      const mounted =
        pattern === "" ? middleware : disguise(below(pattern, middleware), middleware);
      mounts.add(mounted);
      return mounted;
    } satisfies Mount,
    exports,
  );
}

/** What goes on to `next`, because the prefix doesn't match or nobody answered, is out of the mount. */
function below(pattern: string, middleware: Middleware): Middleware {
  return function (ctx, next) {
    const holder = holderOf(ctx.req);
    if (holder === undefined) return middleware.call(this, ctx, next);
    const outer = holder.mount;
    holder.mount = outer + pattern;
    return middleware.call(this, ctx, () => {
      holder.mount = outer;
      return next();
    });
  };
}
