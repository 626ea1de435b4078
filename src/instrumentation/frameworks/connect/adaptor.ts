import type { IncomingMessage } from "node:http";
import { recordRequestError, routeRecorderOf } from "../../../context/unit-access.ts";
import type { Adaptor } from "../../loading/adaptor.ts";
import {
  copyFunctionProperties,
  type Method,
  replaceMethod,
} from "../../loading/replace-method.ts";

/**
 * Records routes and errors of Connect 3, which has mounts instead of routes: the
 * route of a request is the path of the mounts that respond. Errors that no error
 * handler of the app handles are passed to `finalhandler`, as in Express.
 */
export const adaptor: Adaptor = {
  patch(exports) {
    const createServer = exports as Method;
    return copyFunctionProperties(function (this: unknown, ...args: unknown[]) {
      const app = Reflect.apply(createServer, this, args) as AppLike;
      patchUse(app);
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
  /** Path without a trailing slash; empty without a mount path. */
  readonly route: string;
  handle: Handler | ErrorHandler;
}

interface AppLike {
  readonly stack: Layer[];
}

/** Patches each app, because Connect copies its methods and has no prototype. */
function patchUse(app: AppLike): void {
  replaceMethod<AppLike, unknown[]>(app, "use", (original) => {
    return function use(...args) {
      const result = Reflect.apply(original, this, args);
      const layer = this.stack.at(-1);
      if (layer !== undefined) wrapLayer(layer);
      return result;
    };
  });
}

function wrapLayer(layer: Layer): void {
  const { handle, route } = layer;
  // Connect recognizes error handlers by the number of parameters, as Express does.
  if (handle.length === 4)
    layer.handle = copyFunctionProperties(recordingErrors(handle as ErrorHandler), handle);
  else if (route !== "")
    layer.handle = copyFunctionProperties(recordingMount(handle as Handler, route), handle);
}

function recordingErrors(handle: ErrorHandler): ErrorHandler {
  return function (this: unknown, error, request, response, next) {
    recordRequestError(request, error);
    return handle.call(this, error, request, response, next);
  };
}

function recordingMount(handle: Handler, route: string): Handler {
  return function (this: unknown, request, response, next) {
    const unit = routeRecorderOf(request);
    if (unit === undefined) return handle.call(this, request, response, next);
    const { mountPath: outer, route: before } = unit;
    unit.mountPath = outer + route;
    unit.route = unit.mountPath;
    return handle.call(this, request, response, (error) => {
      unit.mountPath = outer;
      // A failed handler keeps the route of the request.
      if (!error) unit.route = before;
      next(error);
    });
  };
}
