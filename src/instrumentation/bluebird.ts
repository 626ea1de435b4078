import type { Adaptor } from "./adaptor.ts";
import { bindToCaller } from "./caller-context.ts";
import { disguise, replaceMethod } from "./method.ts";

/**
 * The promises of `bluebird`, on which Sequelize 5 and others are built. They
 * call back from a queue of their own, in the context of whoever came first. The
 * library has its own way of binding callbacks, for domains, at the same place.
 */
export const adaptor: Adaptor = {
  patch(exports) {
    const makeLibrary = exports as MakeLibrary;
    // `getNewLibraryCopy()` calls it again.
    return disguise(function (this: unknown) {
      const library = makeLibrary.call(this);
      patchPromises(library.prototype);
      return library;
    }, makeLibrary);
  },
};

type MakeLibrary = () => { readonly prototype: object };

function patchPromises(prototype: object): void {
  replaceMethod<unknown, [unknown, unknown, ...unknown[]]>(
    prototype,
    "_then",
    (original) =>
      function _then(fulfilled, rejected, ...rest) {
        const bound = [bindToCaller(fulfilled), bindToCaller(rejected), ...rest] as const;
        return Reflect.apply(original, this, [...bound]);
      },
  );
}
