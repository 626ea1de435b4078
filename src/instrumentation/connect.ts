import type { IncomingMessage } from "node:http";
import { noteError } from "../context/failures.ts";
import { holderOf } from "../context/holder.ts";
import type { Adaptor } from "./adaptor.ts";
import { disguise, type Method, replaceMethod } from "./method.ts";

/**
 * Connect 3, which has mounts instead of routes: the route of a request is the
 * path of the mounts that answered it. What no error handler of the app's takes
 * goes to `finalhandler`, as in Express.
 */
export const adaptor: Adaptor = {
  patch(exports) {
    const createServer = exports as Method;
    return disguise(function (this: unknown, ...args: unknown[]) {
      const app = Reflect.apply(createServer, this, args) as AppLike;
      watchUse(app);
      return app;
    }, createServer);
  },
};

type Next = (error?: unknown) => void;
type Handler = (request: IncomingMessage, response: object, next: Next) => unknown;
type ErrorHandler = (
  error: unknown,
  request: IncomingMessage,
  response: object,
  next: Next,
) => unknown;

interface Layer {
  /** Without a slash at its end; empty for what is mounted nowhere. */
  readonly route: string;
  handle: Handler | ErrorHandler;
}

interface AppLike {
  readonly stack: Layer[];
}

/** Each app gets its methods by copy, so there is no prototype to patch. */
function watchUse(app: AppLike): void {
  replaceMethod<AppLike, unknown[]>(app, "use", (original) => {
    return function use(...args) {
      const result = Reflect.apply(original, this, args);
      const layer = this.stack.at(-1);
      if (layer !== undefined) watch(layer);
      return result;
    };
  });
}

function watch(layer: Layer): void {
  const { handle, route } = layer;
  // Connect tells error handlers by the number of their parameters, as Express does.
  if (handle.length === 4) layer.handle = disguise(noting(handle as ErrorHandler), handle);
  else if (route !== "") layer.handle = disguise(noteMount(handle as Handler, route), handle);
}

function noting(handle: ErrorHandler): ErrorHandler {
  return function (this: unknown, error, request, response, next) {
    noteError(request, error);
    return handle.call(this, error, request, response, next);
  };
}

function noteMount(handle: Handler, route: string): Handler {
  return function (this: unknown, request, response, next) {
    const holder = holderOf(request);
    if (holder === undefined) return handle.call(this, request, response, next);
    const { mount: outer, route: before } = holder;
    holder.mount = outer + route;
    holder.route = holder.mount;
    return handle.call(this, request, response, (error) => {
      holder.mount = outer;
      // Who fails is who would have answered.
      if (!error) holder.route = before;
      next(error);
    });
  };
}
