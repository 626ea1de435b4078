import type { Adaptor } from "../../loading/adaptor.ts";
import { bindToCaller } from "../../loading/caller-context.ts";
import { copyFunctionProperties, replaceMethod } from "../../loading/replace-method.ts";

/**
 * The promises of `bluebird`, on which Sequelize 5 and others are built. They
 * call back from a queue of their own, in the context of whoever came first. The
 * library has its own way of binding callbacks, for domains, at the same place.
 */
export const adaptor: Adaptor = {
  patch(exports) {
    const makeLibrary = exports as LibraryFactory;
    // `getNewLibraryCopy()` calls it again.
    return copyFunctionProperties(function (this: unknown) {
      const library = makeLibrary.call(this);
      patchPromises(library.prototype);
      patchCollections(library);
      patchCollections(library.prototype);
      return library;
    }, makeLibrary);
  },
};

type LibraryFactory = () => { readonly prototype: object };

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

/** What is called for each element, or with all of them, goes past `_then`. */
function patchCollections(target: object): void {
  for (const name of ["map", "filter", "reduce", "each", "mapSeries", "join"]) {
    if (!Object.hasOwn(target, name)) continue;
    replaceMethod<unknown, unknown[]>(
      target,
      name,
      (original) =>
        function (...args) {
          // Values may be functions, too: the last of `join`, and the first of the others, is called.
          const at = name === "join" ? args.length - 1 : args.findIndex(isFunction);
          if (at >= 0) args[at] = bindToCaller(args[at]);
          return Reflect.apply(original, this, args);
        },
    );
  }
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}
