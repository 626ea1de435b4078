import type { IncomingMessage } from "node:http";
import { recordRequestError, routeRecorderOf } from "../../../context/unit-access.ts";
import type { Adaptor } from "../../loading/adaptor.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import {
  type MiddlewareSpan,
  type MiddlewareSpans,
  createMiddlewareSpans,
} from "../middleware-spans.ts";

/**
 * Records routes and errors of Hapi 20 and 21. A request looks up its route once,
 * with all prefixes, and one method sets each response, errors included.
 */
export const adaptor: Adaptor = {
  patch(exports, { file }, deps) {
    if (file === "lib/toolkit.js") {
      addMiddlewareSpans(exports as Toolkit, createMiddlewareSpans("hapi", deps));
      return exports;
    }
    const { prototype } = exports as { readonly prototype: object };
    recordRoutes(prototype);
    recordErrors(prototype);
    return exports;
  },
};

interface RequestLike {
  readonly raw: { readonly req: IncomingMessage };
  readonly route?: {
    readonly method: string;
    readonly path: string;
    readonly settings?: { readonly handler?: unknown };
  };
}

function recordRoutes(prototype: object): void {
  replaceMethod<RequestLike, unknown[]>(prototype, "_lookup", (original) => {
    return function _lookup(...args) {
      const result = Reflect.apply(original, this, args);
      const { route } = this;
      const unit = routeRecorderOf(this.raw.req);
      // Hapi's own responses, such as 404 and preflight, are routes of this method.
      if (unit === undefined) return result;
      unit.frameworkRequest = this;
      if (route !== undefined && route.method !== "_special") unit.route = route.path;
      return result;
    };
  });
}

interface Response {
  readonly isBoom?: boolean;
  readonly message?: unknown;
  readonly data?: unknown;
}

/**
 * Records the error object that was thrown, to which Hapi only adds the fields of
 * Boom's errors.
 */
function recordErrors(prototype: object): void {
  replaceMethod<RequestLike, [Response | null | undefined]>(
    prototype,
    "_setResponse",
    (original) => {
      return function _setResponse(response) {
        if (response?.isBoom === true) recordRequestError(this.raw.req, thrownFor(response));
        return original.call(this, response);
      };
    },
  );
}

/** Returns what was thrown: anything but an error of this realm is `data` of an error of Hapi's. */
function thrownFor(response: Response): unknown {
  const { message, data } = response;
  return message === "Cannot throw non-error object" ? (data ?? response) : response;
}

interface Toolkit {
  readonly Manager: { readonly prototype: object };
}

type Execute = [unknown, RequestLike, { readonly name?: string } | undefined, ...unknown[]];

/**
 * Traces all functions of the app: extensions, which have a name, handlers and
 * their prerequisites.
 */
function addMiddlewareSpans({ Manager }: Toolkit, spans: MiddlewareSpans | undefined): void {
  if (spans === undefined) return;
  replaceMethod<unknown, Execute>(Manager.prototype, "execute", (original) => {
    return function execute(...args) {
      const [method, request, options] = args;
      const isHandler = method === request.route?.settings?.handler;
      const span = startSpan(spans, options?.name, isHandler);
      const run = (): unknown => Reflect.apply(original, this, args);
      return span === undefined ? run() : span.run(run);
    };
  });
}

function startSpan(
  spans: MiddlewareSpans,
  name: string | undefined,
  isHandler: boolean,
): MiddlewareSpan | undefined {
  if (name !== undefined) return spans.start("ext", "server.ext", name);
  return isHandler ? spans.start("route", "router") : undefined;
}
