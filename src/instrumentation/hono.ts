import type { Holder } from "../context/holder.ts";
import { activeHolder } from "../context/manager.ts";
import type { Adaptor, LoadedFile } from "./adaptor.ts";
import { disguise, replaceMethod, withReplaced } from "./method.ts";
import { type MiddlewareSpans, middlewareSpans, nameOf } from "./middleware-spans.ts";

/**
 * Hono 4, on `@hono/node-server` or wherever else an app calls its `fetch` for
 * a request. Handlers come to Hono's routers with the whole pattern of their
 * path; there each is made one that tells the request before it runs.
 */
export const adaptor: Adaptor = {
  patch(exports, file, services) {
    if (file.file.includes("/helper/streaming/")) return watchStreams(exports as object, file);
    const spans = middlewareSpans("hono", services);
    for (const router of Object.values(exports as Record<string, unknown>)) {
      if (isRouter(router)) watchAdd(router.prototype, spans);
    }
    return exports;
  },
};

interface Router {
  readonly prototype: object;
}

function isRouter(value: unknown): value is Router {
  const { prototype } = value as { readonly prototype?: { readonly add?: unknown } };
  return typeof value === "function" && typeof prototype?.add === "function";
}

interface Context {
  readonly error?: unknown;
  readonly req: { readonly matchedRoutes?: readonly Route[] };
}

type Next = () => Promise<void>;
type Handler = (this: unknown, c: Context, next: Next) => unknown;

interface Route {
  /** With the base paths of all apps around it. */
  readonly path: string;
  /** In upper case; `ALL` for `app.all` and for middleware, `app.use`. */
  readonly method: string;
  readonly handler: Handler;
}

type Streaming = (
  this: unknown,
  c: Context,
  work: (...args: unknown[]) => unknown,
  ...rest: unknown[]
) => unknown;

/** What the app's part of a stream throws, Hono logs or gives to the app's handler: its status is out. */
function watchStreams(exports: object, { format }: LoadedFile): object {
  const replaced: Record<string, unknown> = {};
  for (const name of ["stream", "streamSSE"]) {
    const original = (exports as Readonly<Record<string, unknown>>)[name];
    if (typeof original === "function") replaced[name] = reporting(original as Streaming);
  }
  return format === "module" ? Object.assign(exports, replaced) : withReplaced(exports, replaced);
}

function reporting(original: Streaming): Streaming {
  return disguise<Streaming>(function (c, work, ...rest) {
    const holder = activeHolder();
    if (holder === undefined) return original.call(this, c, work, ...rest);
    const watched = (...args: unknown[]): unknown => watchWork(() => work(...args), holder);
    return original.call(this, c, watched, ...rest);
  }, original);
}

function watchWork(work: () => unknown, holder: Holder): unknown {
  const fail = (error: unknown): never => {
    if (error !== undefined) holder.noteFailure(error);
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

/** A router that chooses among routers hands on what it was given: that is noted already. */
const noting = new WeakSet<Handler>();

function watchAdd(prototype: object, spans: MiddlewareSpans | undefined): void {
  replaceMethod(prototype, "add", (original) => {
    return function add(...args) {
      const [method, path, entry] = args;
      const [handler, route] = Array.isArray(entry) ? (entry as unknown[]) : [];
      if (typeof handler !== "function" || !isRoute(route) || noting.has(handler as Handler)) {
        return Reflect.apply(original, this, args);
      }
      return original.call(this, method, path, [noted(handler as Handler, route, spans), route]);
    };
  });
}

function isRoute(value: unknown): value is Route {
  return typeof (value as Partial<Route> | undefined)?.path === "string";
}

function noted(handler: Handler, route: Route, spans: MiddlewareSpans | undefined): Handler {
  const isLast = answers(route);
  const run = spans === undefined ? handler : withSpan(handler, isLast, spans);
  function notedHandler(this: unknown, c: Context, next: Next): unknown {
    const holder = activeHolder();
    if (holder === undefined) return handler.call(this, c, next);
    if (isLast) holder.route = route.path;
    else holder.route ??= c.req.matchedRoutes?.find(answers)?.path;
    return watchResult(() => run.call(this, c, next), c, holder);
  }
  noting.add(notedHandler);
  return disguise(notedHandler, handler);
}

/** As with Koa, what comes after a middleware is below its span. */
function withSpan(handler: Handler, isLast: boolean, spans: MiddlewareSpans): Handler {
  const label = isLast ? "handler" : "middleware";
  const name = isLast ? undefined : nameOf(handler);
  return function (c, next) {
    const span = spans.start(label, label, name);
    return span === undefined
      ? handler.call(this, c, next)
      : span.run(() => handler.call(this, c, next));
  };
}

/** Hono tells middleware by its parameters, too; one with a method of its own is of a route. */
function answers({ method, handler }: Route): boolean {
  return method !== "ALL" || (unwrapped(handler)?.length ?? 0) < 2;
}

/** What a sub-app with an error handler of its own has put around a handler. */
function unwrapped(handler: Handler): Handler | undefined {
  return (handler as { readonly __COMPOSED_HANDLER?: Handler })?.__COMPOSED_HANDLER ?? handler;
}

function watchResult(run: () => unknown, c: Context, holder: Holder): unknown {
  const note = (error: unknown): void => holder.noteError(error);
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    note(error);
    throw error;
  }
  if (result instanceof Promise) {
    result.then(() => {
      // A sub-app's own error handler has answered it.
      if (c.error !== undefined) note(c.error);
    }, note);
  }
  return result;
}
