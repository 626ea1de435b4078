import { createRequire } from "node:module";

/*
 * Modules that are loaded only when first needed. Whoever needs one declares it:
 *
 *     const client = lazy<typeof import("./client.ts")>("client.ts");
 *
 * The build collects these declarations and makes each module a file of its own
 * in `dist/`, named after its path (`errors-client.js`); in the source tree the
 * same call loads the TypeScript file. Loading is synchronous (`require` of an
 * ES module, Node >= 22.12), because a module that an app is just importing
 * can't wait.
 */

const require = createRequire(import.meta.url);
const inSource = import.meta.url.endsWith(".ts");

/** How many modules are being loaded: one may load another. */
let loading = 0;

/** Whether a lazy module is being read: file operations are telltale's then, not the app's. */
export function isLoading(): boolean {
  return loading > 0;
}

/**
 * Declares a module that is loaded by the first call of the returned function,
 * and returned again by each later one: cheap enough for a hot path.
 *
 * @param path below `src/`, with extension; a literal, as the build reads it.
 */
// The type can come from nowhere else: the path is a text.
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

/** The file of `dist/` that a module below `src/` becomes; `scripts/build/lazy-modules.ts` agrees. */
function fileOf(path: string): string {
  return `${path.slice(0, -".ts".length).replaceAll("/", "-")}.js`;
}
