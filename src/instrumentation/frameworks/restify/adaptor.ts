import type { IncomingMessage } from "node:http";
import { recordRequestError } from "../../../context/unit-access.ts";
import type { Adaptor } from "../../loading/adaptor.ts";
import { replaceMethod } from "../../loading/replace-method.ts";

/**
 * Records errors of Restify 11 and 12. It needs no patch for routes, which it
 * stores on the request as Express does (`http/server/express-route.ts`).
 */
export const adaptor: Adaptor = {
  patch(exports) {
    const { prototype } = exports as { readonly prototype: object };
    type Args = [unknown, IncomingMessage, ...unknown[]];
    replaceMethod<unknown, Args>(prototype, "_onHandlerError", (original) => {
      return function _onHandlerError(...args) {
        const [error, request] = args;
        if (error) recordRequestError(request, error);
        return Reflect.apply(original, this, args);
      };
    });
    return exports;
  },
};
