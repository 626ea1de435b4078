import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";
import { builtinsPlugin } from "./builtins.ts";
import type { BundledFile } from "./bundled-file.ts";
import { buildOptions } from "./options.ts";
import { scratch, staging } from "./paths.ts";

/** The file that every process loads at start. */
const START_FILE = "start.js";

/**
 * The maximum size of code shared by lazy files that goes into `start.js`, in
 * bytes: opening one more file costs more than reading it there.
 */
const MAX_INLINED_BYTES = 1_000;

type Outputs = ReadonlyMap<string, Metafile["outputs"][string]>;

/** The output of the splitting pass, and which of its files become `start.js`. */
interface SplitBuild {
  readonly outputs: Outputs;
  readonly inStart: ReadonlySet<string>;
}

/**
 * Runs the second pass. When it splits, esbuild creates one chunk for each set of
 * entry points that share code, so that a start would load a dozen files, at 0.5
 * to 1 ms each. This pass puts everything that start needs into `start.js` and
 * makes the other files import it.
 *
 * @param metafile of a split build in the scratch folder.
 */
export async function mergeIntoStart(metafile: Metafile): Promise<[string, BundledFile][]> {
  const scripts = Object.entries(metafile.outputs).filter(([path]) => path.endsWith(".js"));
  const outputs = new Map(scripts.map(([path, output]) => [basename(path), output]));
  const inStart = reachable(outputs, START_FILE);
  for (const name of outputs.keys()) {
    if (isSmallAndShared(name, outputs)) reachable(outputs, name, inStart);
  }
  const split = { outputs, inStart };
  const files = [START_FILE, ...[...outputs.keys()].filter((name) => !split.inStart.has(name))];
  return Promise.all(files.map(async (name) => [name, await writeDistFile(name, split)]));
}

/**
 * Whether a chunk is small, imported by statements only (a dynamic `import()`
 * is meant to be separate), and loads no module of Node that start does not need.
 */
function isSmallAndShared(name: string, outputs: Outputs): boolean {
  const importers = importersOf(name, outputs);
  if (importers.every(({ by }) => isLoadedWithLibrary(by, outputs))) return false;
  const kinds = importers.map(({ kind }) => kind);
  const output = outputs.get(name);
  const loadsBuiltin = output?.imports.some(({ external }) => external) ?? false;
  const isStatic = kinds.length > 0 && kinds.every((kind) => kind === "import-statement");
  return isStatic && !loadsBuiltin && (output?.bytes ?? 0) < MAX_INLINED_BYTES;
}

interface Importer {
  readonly by: string;
  readonly kind: string;
}

function importersOf(name: string, outputs: Outputs): Importer[] {
  return [...outputs].flatMap(([by, { imports }]) =>
    imports.filter(({ path }) => basename(path) === name).map(({ kind }) => ({ by, kind })),
  );
}

/**
 * Whether a file is loaded with a library, or shared by files that are: a process
 * loads few of them, and one more file is negligible next to a library.
 */
function isLoadedWithLibrary(name: string, outputs: Outputs): boolean {
  if (name.startsWith("instrumentation-")) return true;
  const importers = name.startsWith("chunk-") ? importersOf(name, outputs) : [];
  return importers.length > 0 && importers.every(({ by }) => isLoadedWithLibrary(by, outputs));
}

/** Returns `from` and every chunk that it imports statically, directly or not. */
function reachable(outputs: Outputs, from: string, found: Set<string> = new Set()): Set<string> {
  found.add(from);
  for (const { path, kind } of outputs.get(from)?.imports ?? []) {
    const name = basename(path);
    if (kind === "import-statement" && outputs.has(name) && !found.has(name)) {
      reachable(outputs, name, found);
    }
  }
  return found;
}

/** Writes one file of `dist/`: unchanged, or `start.js` with all that it reaches. */
async function writeDistFile(name: string, split: SplitBuild): Promise<BundledFile> {
  const parts = name === START_FILE ? [...split.inStart] : [name];
  const texts = await Promise.all(parts.map((part) => readFile(join(scratch, part), "utf8")));
  const entry =
    name === START_FILE
      ? { stdin: { contents: startEntry(split), resolveDir: scratch } }
      : { entryPoints: [join(scratch, name)] };
  const { metafile } = await build({
    ...buildOptions,
    ...entry,
    outfile: join(staging, name),
    banner: { js: commonJsBanner(texts.join("\n")) },
    plugins: [siblings(split, new Set(parts)), builtinsPlugin()],
  });
  const [output] = Object.values(metafile.outputs).filter(({ entryPoint }) => entryPoint);
  if (output === undefined) throw new Error(`esbuild made no ${name}`);
  const bytes = await removeChunkNames(join(staging, name));
  const imports = output.imports.filter(
    ({ kind, path }) => kind === "import-statement" && path.startsWith("./"),
  );
  return {
    bytes,
    imports: [...new Set(imports.map(({ path }) => basename(path)))],
    inputs: inputsOf(parts, split),
  };
}

/** Comments in which esbuild names the chunks, whose folder has another name in each build. */
const CHUNK_NAME = /^\/\/ node_modules\/\.cache\/telltale\/[\w-]+\/[\w.-]+\.js$/gm;

/** Removes the names of chunks from a file, but not their lines, to which its source map refers. Returns its size. */
async function removeChunkNames(path: string): Promise<number> {
  const text = (await readFile(path, "utf8")).replaceAll(CHUNK_NAME, "");
  await writeFile(path, text);
  return Buffer.byteLength(text);
}

function inputsOf(parts: readonly string[], { outputs }: SplitBuild): Map<string, number> {
  const inputs = new Map<string, number>();
  for (const part of parts) {
    for (const [path, { bytesInOutput }] of Object.entries(outputs.get(part)?.inputs ?? {})) {
      if (bytesInOutput > 0) inputs.set(path, (inputs.get(path) ?? 0) + bytesInOutput);
    }
  }
  return inputs;
}

/** Returns the source of `start.js`: its own exports, and those that other files import from its chunks. */
function startEntry({ outputs, inStart }: SplitBuild): string {
  const lines = [...inStart].map((chunk) => {
    const names = outputs.get(chunk)?.exports ?? [];
    const exported = names.map((name) =>
      chunk === START_FILE ? name : `${name} as ${nameInStart(chunk, name)}`,
    );
    return `export { ${exported.join(", ")} } from "./${chunk}";`;
  });
  return lines.join("\n");
}

/** Returns the name in `start.js` of the export `name` of `chunk`. */
function nameInStart(chunk: string, name: string): string {
  return `${name}_${basename(chunk, ".js").replaceAll("-", "_")}`;
}

/** Redirects imports of chunks that are in `start.js` to it; other files stay separate. */
function siblings({ outputs, inStart }: SplitBuild, own: ReadonlySet<string>): Plugin {
  return {
    name: "siblings",
    setup(hooks) {
      hooks.onResolve({ filter: /^\.\/[^/]+\.js$/ }, ({ path, namespace }) => {
        const name = basename(path);
        if (own.has(name)) return undefined;
        const isMoved = namespace !== "moved" && inStart.has(name) && name !== START_FILE;
        return isMoved ? { path: name, namespace: "moved" } : { path, external: true };
      });
      hooks.onLoad({ filter: /.*/, namespace: "moved" }, ({ path }) => {
        const names = outputs.get(path)?.exports ?? [];
        const renamed = names.map((name) => `${nameInStart(path, name)} as ${name}`);
        return { contents: `export { ${renamed.join(", ")} } from "./${START_FILE}";` };
      });
    },
  };
}

/**
 * Returns the variables that bundled CommonJS packages expect, for files that
 * contain some: esbuild turns their `require` of builtins into `__require`,
 * which uses `require` if it exists.
 */
function commonJsBanner(text: string): string {
  const lines: string[] = [];
  if (/\b__require = /.test(text)) {
    lines.push(
      `const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);`,
    );
  }
  if (/(?<!["'`.\w])__(file|dir)name\b/.test(text)) {
    lines.push(`const { filename: __filename, dirname: __dirname } = import.meta;`);
  }
  return lines.join("\n");
}
