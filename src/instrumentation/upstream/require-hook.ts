import { isAbsolute, parse } from "node:path";

/**
 * Stands in the bundle for the package `require-in-the-middle` (`aliases.ts`):
 * what upstream's instrumentations use of it, driven by our loader. It patches
 * nothing by itself.
 */
export class Hook {
  readonly #modules: readonly string[] | null;
  readonly #onRequire: OnRequire;

  /** @param modules names of packages; null: all */
  constructor(modules: readonly string[] | null, _options: unknown, onRequire: OnRequire) {
    this.#modules = modules;
    this.#onRequire = onRequire;
    hooks.add(this);
  }

  unhook(): void {
    hooks.delete(this);
  }

  /** For `runRequireHooks`. */
  apply(exports: unknown, name: string, directory: string | undefined): unknown {
    // A file of nobody's package, asked for by its path: it is named as the package does.
    if (isAbsolute(name)) {
      return this.#modules?.includes(name) === true
        ? this.#onRequire(exports, parse(name).name, directory)
        : exports;
    }
    const isWanted =
      this.#modules === null ||
      this.#modules.some((wanted) => name === wanted || name.startsWith(`${wanted}/`));
    return isWanted ? this.#onRequire(exports, name, directory) : exports;
  }
}

/**
 * @param name the package for its main file, else the package and the path in it (`pg/lib/client.js`)
 * @param basedir the directory of the package; undefined for a module of Node's, which is then known by its whole name
 * @returns what `module.exports` becomes
 */
type OnRequire = (exports: unknown, name: string, basedir: string | undefined) => unknown;

const hooks = new Set<Hook>();

/** Shows a loaded file to all hooks, one after the other. Throws what they throw. */
export function runRequireHooks(
  exports: unknown,
  name: string,
  directory: string | undefined,
): unknown {
  let result = exports;
  for (const hook of hooks) result = hook.apply(result, name, directory);
  return result;
}
