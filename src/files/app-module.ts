import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { propertyOf } from "../property.ts";

/** A module that the app's owner names. */
interface AppModule {
  /** The name of a package, or a path. */
  readonly specifier: string;
  /** The folder from which it is resolved. */
  readonly folder: string;
}

/** The exports of a loaded module. */
export interface LoadedModule {
  readonly exports: unknown;
}

/**
 * Loads a module of the app. `require` loads CommonJS and ES modules at once, and
 * TypeScript where Node strips types. A module that awaits at its top level, or that is
 * being loaded right now, is loaded asynchronously: then the result is a promise.
 *
 * @throws what Node throws, and what the module throws.
 */
export function loadAppModule({
  specifier,
  folder,
}: AppModule): LoadedModule | Promise<LoadedModule> {
  const require = createRequire(join(folder, "telltale.js"));
  const file = resolve(require, specifier);
  try {
    return { exports: require(file) as unknown };
  } catch (error) {
    if (!ASYNCHRONOUS.has(propertyOf(error, "code"))) throw error;
    return import(pathToFileURL(file).href).then((exports: unknown) => ({ exports }));
  }
}

/** Codes of Node for modules that only `import` can load. */
const ASYNCHRONOUS: ReadonlySet<unknown> = new Set([
  "ERR_REQUIRE_ASYNC_MODULE",
  "ERR_REQUIRE_CYCLE_MODULE",
]);

/** Resolves the name of a package, or a path with or without `./`. */
function resolve(require: NodeJS.Require, specifier: string): string {
  try {
    return require.resolve(specifier);
  } catch (error) {
    try {
      return require.resolve(`./${specifier}`);
    } catch {
      throw error;
    }
  }
}

/** Describes a thrown value by its class, code and place. Its message may have secrets. */
export function describeThrown(error: unknown): string {
  if (error === null || error === undefined) return String(error);
  if (typeof error !== "object") return `a ${typeof error}`;
  const [name, code, stack] = ["name", "code", "stack"].map((key) => propertyOf(error, key));
  const text = typeof stack === "string" ? stack.slice(0, MAX_STACK_LENGTH) : "";
  const [, place] = /\n +at ([^\n]{1,200})/.exec(text) ?? [];
  return [
    typeof name === "string" ? name : "an object",
    ...(typeof code === "string" ? [`(${code})`] : []),
    ...(place === undefined ? [] : [`at ${place}`]),
  ].join(" ");
}

const MAX_STACK_LENGTH = 10_000;
