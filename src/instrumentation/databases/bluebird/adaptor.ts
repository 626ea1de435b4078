import type { Adaptor } from "../../loading/adaptor.ts";
import { bindToCaller } from "../../loading/caller-context.ts";
import { copyFunctionProperties, replaceMethod } from "../../loading/replace-method.ts";

/**
 * Binds callbacks of `bluebird` promises, on which Sequelize 5 and others are
 * built, to their caller's context. Bluebird calls them from its own queue, in the
 * context of the code that filled the queue first. The library binds callbacks to
 * domains at the same place.
 */
export const adaptor: Adaptor = {
  patch(exports) {
    const makeLibrary = exports as LibraryFactory;
    // `getNewLibraryCopy()` calls the factory again.
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

/** Binds the iterators of collection methods, which do not pass through `_then`. */
function patchCollections(target: object): void {
  for (const name of ["map", "filter", "reduce", "each", "mapSeries", "join"]) {
    if (!Object.hasOwn(target, name)) continue;
    replaceMethod<unknown, unknown[]>(
      target,
      name,
      (original) =>
        function (...args) {
          // Values may be functions too. `join` calls its last function, the other methods their
          // first.
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
