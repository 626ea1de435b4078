import { isAbsolute, parse } from "node:path";

/**
 * Replaces the package `require-in-the-middle` in the bundle
 * (`module-aliases.ts`): the part of it that upstream's instrumentations use,
 * called by this project's loader. It patches nothing itself.
 */
export class Hook {
  readonly #modules: readonly string[] | null;
  readonly #onRequire: OnRequire;

  /** @param modules package names; null for all */
  constructor(modules: readonly string[] | null, _options: unknown, onRequire: OnRequire) {
    this.#modules = modules;
    this.#onRequire = onRequire;
    hooks.add(this);
  }

  unhook(): void {
    hooks.delete(this);
  }

  /** Called by `runRequireHooks`. */
  apply(exports: unknown, name: string, directory: string | undefined): unknown {
    // A file outside of any package is requested by its path, and named as
    // `require-in-the-middle` does.
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
 * @param name the package for its main file, else the package and the path in it
 * (`pg/lib/client.js`)
 * @param basedir directory of the package; undefined for a built-in module, which
 * then has its full name
 * @returns the new `module.exports`
 */
type OnRequire = (exports: unknown, name: string, basedir: string | undefined) => unknown;

const hooks = new Set<Hook>();

/** Passes a loaded file to all hooks, one after the other. Throws their errors. */
export function runRequireHooks(
  exports: unknown,
  name: string,
  directory: string | undefined,
): unknown {
  let result = exports;
  for (const hook of hooks) result = hook.apply(result, name, directory);
  return result;
}
