import { activeHolder } from "../context/manager.ts";
import type { Adaptor } from "./adaptor.ts";
import { replaceMethod } from "./method.ts";

/**
 * Nest 10 to 12. Its routes are those of the Express or Fastify below it; but
 * what handlers, guards, pipes and interceptors throw, Nest answers itself, by
 * the app's exception filters or its own.
 */
export const adaptor: Adaptor = {
  patch(exports) {
    const { ExceptionsHandler } = exports as {
      readonly ExceptionsHandler: { readonly prototype: object };
    };
    replaceMethod<unknown, unknown[]>(ExceptionsHandler.prototype, "next", (original) => {
      return function next(...args) {
        activeHolder()?.noteError(args[0]);
        return Reflect.apply(original, this, args);
      };
    });
    return exports;
  },
};
