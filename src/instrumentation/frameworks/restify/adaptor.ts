import type { IncomingMessage } from "node:http";
import { recordRequestError } from "../../../context/unit-access.ts";
import { tryRead } from "../../../try-read.ts";
import type { Adaptor } from "../../loading/adaptor.ts";
import { copyFunctionProperties, replaceMethod } from "../../loading/replace-method.ts";

/**
 * Records errors of Restify 11 and 12: those of handlers, and those that an app sends as a
 * response. It needs no patch for routes, which it stores on the request as Express does
 * (`http/server/express-route.ts`).
 */
export const adaptor: Adaptor = {
  patch(exports, { file }) {
    return file === "lib/response.js"
      ? wrapResponsePatch(exports as ResponsePatch)
      : patchServer(exports as Class);
  },
};

interface Class {
  readonly prototype: object;
}

function patchServer(server: Class): Class {
  type Args = [unknown, IncomingMessage, ...unknown[]];
  replaceMethod<unknown, Args>(server.prototype, "_onHandlerError", (original) => {
    return function _onHandlerError(...args) {
      const [error, request] = args;
      if (error) recordRequestError(request, thrownFor(error));
      return Reflect.apply(original, this, args);
    };
  });
  return server;
}

/** The fields of Restify's errors. */
interface RestifyError {
  readonly name?: unknown;
  readonly jse_info?: object;
}

/**
 * Returns what was thrown: if an async handler rejects with anything but an error of this realm,
 * Restify passes on an error of its own.
 */
function thrownFor(error: unknown): unknown {
  const wrapped = tryRead(() => {
    const { name, jse_info: info = {} } = error as RestifyError;
    return name === "AsyncError" && "cause" in info ? { thrown: info.cause } : undefined;
  });
  return wrapped === undefined ? error : wrapped.thrown;
}

/** Restify's function that adds methods to the class of Node's responses. */
type ResponsePatch = (this: unknown, response: Class) => unknown;

interface ResponseLike {
  readonly req: IncomingMessage;
  /** The error of a handler, for which Restify sends one of its own. */
  readonly err?: unknown;
}

function wrapResponsePatch(original: ResponsePatch): ResponsePatch {
  return copyFunctionProperties<ResponsePatch>(function patch(response) {
    const result = original.call(this, response);
    type Args = [{ readonly body?: unknown }];
    replaceMethod<ResponseLike, Args>(response.prototype, "__send", (send) => {
      return function __send(options) {
        const { body } = options;
        if (body instanceof Error && !this.err) recordRequestError(this.req, body);
        return send.call(this, options);
      };
    });
    return result;
  }, original);
}
