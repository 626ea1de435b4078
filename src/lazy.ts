import { createRequire } from "node:module";

/*
 * Lazy modules are loaded at their first use. The importing module declares them:
 *
 *     const client = lazy<typeof import("./client.ts")>("client.ts");
 *
 * The build collects these declarations and writes each module to a separate file in
 * `dist/`, named after its path (`errors-client.js`). In the source tree the same call
 * loads the TypeScript file. Loading is synchronous (`require` of an ES module, Node >=
 * 22.12), because patching a module must not delay its import.
 */

const require = createRequire(import.meta.url);
const inSource = import.meta.url.endsWith(".ts");

/** Number of modules being loaded. A module may load another one. */
let loading = 0;

/** Whether a lazy module is being loaded. File operations are then telltale's, not the app's. */
export function isLoading(): boolean {
  return loading > 0;
}

/**
 * Declares a module that the first call of the returned function loads. Later calls
 * return it, cheaply enough for a hot path.
 *
 * @param path relative to `src/`, with extension. It must be a literal, because the
 *   build reads it.
 */
// The type can't be inferred from the path.
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export function lazy<Module>(path: string): () => Module {
  let module: Module | undefined;
  return () => (module ??= load(path) as Module);
}

function load(path: string): unknown {
  loading++;
  try {
    return require(inSource ? `./${path}` : `./${fileOf(path)}`);
  } finally {
    loading--;
  }
}

/** Returns the module's file in `dist/`; the build names it by this function too. */
export function fileOf(path: string): string {
  return `${path.slice(0, -".ts".length).replaceAll("/", "-")}.js`;
}
