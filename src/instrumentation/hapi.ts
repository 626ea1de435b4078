import type { IncomingMessage } from "node:http";
import { holderOf } from "../context/holder.ts";
import type { Adaptor } from "./adaptor.ts";
import { replaceMethod } from "./method.ts";

/**
 * Hapi 20 and 21. Its request looks its route up once, prefixes included, and
 * gets each response, errors as well, by one method.
 */
export const adaptor: Adaptor = {
  patch(exports) {
    const { prototype } = exports as { readonly prototype: object };
    noteRoutes(prototype);
    noteErrors(prototype);
    return exports;
  },
};

interface RequestLike {
  readonly raw: { readonly req: IncomingMessage };
  readonly route?: { readonly method: string; readonly path: string };
}

function noteRoutes(prototype: object): void {
  replaceMethod<RequestLike, unknown[]>(prototype, "_lookup", (original) => {
    return function _lookup(...args) {
      const result = Reflect.apply(original, this, args);
      const { route } = this;
      const holder = holderOf(this.raw.req);
      // Hapi's own answers, 404 and preflight among them, are routes of this method.
      if (holder !== undefined && route !== undefined && route.method !== "_special") {
        holder.route = route.path;
      }
      return result;
    };
  });
}

/** A thrown error is the same object still; Hapi only adds to it what Boom's errors have. */
function noteErrors(prototype: object): void {
  type Response = { readonly isBoom?: boolean } | null | undefined;
  replaceMethod<RequestLike, [Response]>(prototype, "_setResponse", (original) => {
    return function _setResponse(response) {
      if (response?.isBoom === true) holderOf(this.raw.req)?.noteError(response);
      return original.call(this, response);
    };
  });
}
