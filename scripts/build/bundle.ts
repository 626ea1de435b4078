import { readFile, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";
import { cache, dist, root } from "./places.ts";

/** What the bundler made, for the checks, the licences and the bill of materials. */
export interface Bundle {
  /** The files of `dist/` by name (`start.js`), with the modules that are in them. */
  readonly files: ReadonlyMap<string, BundledFile>;
  /** Entries whose source does not exist. */
  readonly missing: readonly string[];
}

export interface BundledFile {
  readonly bytes: number;
  /** Source path from the repository's root -> its bytes in this file. */
  readonly inputs: ReadonlyMap<string, number>;
  /** Files of `dist/` that are loaded together with this one. */
  readonly imports: readonly string[];
}

/**
 * The one file that every process loads at start. Everything that it reaches
 * is inside, although other chunks share parts of it.
 */
const START = "start.js";

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node22.15",
  // A top-level await would break `require` of the chunk (facts/style.md).
  supported: { "top-level-await": false },
  // Names and lines stay: stack traces can be read without the maps, and when
  // an error passes through us Node prints a line of ours, not the whole file.
  minifySyntax: true,
  legalComments: "none",
  sourcemap: "linked",
  metafile: true,
  logLevel: "warning",
} as const satisfies BuildOptions;

/**
 * Bundles `entries` (name in `dist/` -> source file) in two passes. The first
 * splits: what several entries share becomes chunks. esbuild makes one chunk
 * for each set of entries that share something, and so start would load a
 * dozen files, at 0.5 to 1 ms each. The second pass puts all chunks that start
 * needs into `start.js` and points the other files at it.
 */
export async function bundle(
  entries: Readonly<Record<string, string>>,
  aliases: Readonly<Record<string, string>>,
): Promise<Bundle> {
  const missing = Object.entries(entries).filter(([, path]) => !existsSync(join(root, path)));
  const present = Object.entries(entries).filter(([, path]) => existsSync(join(root, path)));
  const split = await splitPass(Object.fromEntries(present), aliases);
  await rm(dist, { recursive: true, force: true });
  await bundleRegister();
  return { files: await mergePass(split), missing: missing.map(([name]) => name) };
}

/** `register.js` and its twin for `require`: nothing but the check of the Node version. */
async function bundleRegister(): Promise<void> {
  const guard = { ...shared, target: "node12", sourcemap: false, metafile: false } as const;
  const entryPoints = [join(root, "register.ts")];
  await build({ ...guard, entryPoints, outfile: join(dist, "register.js") });
  await build({
    ...guard,
    entryPoints,
    format: "cjs",
    outfile: join(dist, "register.cjs"),
    define: { "import.meta.url": "__filename" },
  });
}

async function splitPass(
  entryPoints: Record<string, string>,
  alias: Readonly<Record<string, string>>,
): Promise<Metafile> {
  const outdir = join(cache, "split");
  await rm(outdir, { recursive: true, force: true });
  const { metafile } = await build({
    ...shared,
    entryPoints,
    alias,
    outdir,
    splitting: true,
    chunkNames: "chunk-[hash]",
    minifySyntax: false,
  });
  return metafile;
}

/** Outputs of the first pass by file name, without the maps. */
function outputsByName(metafile: Metafile): Map<string, Metafile["outputs"][string]> {
  const scripts = Object.entries(metafile.outputs).filter(([path]) => path.endsWith(".js"));
  return new Map(scripts.map(([path, output]) => [basename(path), output]));
}

async function mergePass(split: Metafile): Promise<Map<string, BundledFile>> {
  const outputs = outputsByName(split);
  const merged = outputs.has(START) ? reachable(outputs, START) : new Set<string>();
  const files = new Map<string, BundledFile>();
  for (const [name, output] of outputs) {
    if (merged.has(name) && name !== START) continue;
    const parts = name === START ? [...merged] : [name];
    const inputs = sumInputs(parts.map((part) => outputs.get(part) ?? output));
    const { bytes, imports } = await writeMerged(name, outputs, merged);
    files.set(name, { bytes, imports, inputs });
  }
  return files;
}

/** `from` and every chunk that it imports statically, directly or not. */
function reachable(
  outputs: ReadonlyMap<string, Metafile["outputs"][string]>,
  from: string,
  found: Set<string> = new Set(),
): Set<string> {
  found.add(from);
  for (const { path, kind } of outputs.get(from)?.imports ?? []) {
    const name = basename(path);
    if (kind === "import-statement" && outputs.has(name) && !found.has(name)) {
      reachable(outputs, name, found);
    }
  }
  return found;
}

function sumInputs(outputs: readonly Metafile["outputs"][string][]): Map<string, number> {
  const inputs = new Map<string, number>();
  for (const output of outputs) {
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
      if (bytesInOutput > 0) inputs.set(path, (inputs.get(path) ?? 0) + bytesInOutput);
    }
  }
  return inputs;
}

/** Writes one file of `dist/`: as it is, or `start.js` with all that it reaches. */
async function writeMerged(
  name: string,
  outputs: ReadonlyMap<string, Metafile["outputs"][string]>,
  merged: ReadonlySet<string>,
): Promise<{ bytes: number; imports: string[] }> {
  const isStart = name === START;
  const own = isStart ? merged : new Set([name]);
  const texts = await Promise.all(
    [...own].map((part) => readFile(join(cache, "split", part), "utf8")),
  );
  const result = await build({
    ...shared,
    ...(isStart
      ? { stdin: { contents: startEntry(outputs, merged), resolveDir: join(cache, "split") } }
      : { entryPoints: [join(cache, "split", name)] }),
    outfile: join(dist, name),
    banner: { js: banner(texts.join("\n")) },
    plugins: [siblings(outputs, merged, own)],
  });
  const [output] = Object.entries(result.metafile.outputs).filter(([path]) => path.endsWith(".js"));
  if (output === undefined) throw new Error(`esbuild made no ${name}`);
  const imports = output[1].imports.filter(({ kind }) => kind === "import-statement");
  return {
    bytes: output[1].bytes,
    imports: imports.map(({ path }) => basename(path)).filter((path) => path.endsWith(".js")),
  };
}

/** `start.js` exports what it exported, and all that other files take from its chunks. */
function startEntry(
  outputs: ReadonlyMap<string, Metafile["outputs"][string]>,
  merged: ReadonlySet<string>,
): string {
  const lines = [...merged].map((chunk) => {
    const names = outputs.get(chunk)?.exports ?? [];
    const renamed = names.map((name) =>
      chunk === START ? name : `${name} as ${inStart(chunk, name)}`,
    );
    return `export { ${renamed.join(", ")} } from "./${chunk}";`;
  });
  return lines.join("\n");
}

/** The name in `start.js` of what was exported as `name` by `chunk`. */
function inStart(chunk: string, name: string): string {
  return `${name}_${basename(chunk, ".js").replaceAll("-", "_")}`;
}

/** Imports of chunks that went into `start.js` become imports of it; other files stay apart. */
function siblings(
  outputs: ReadonlyMap<string, Metafile["outputs"][string]>,
  merged: ReadonlySet<string>,
  own: ReadonlySet<string>,
): Plugin {
  return {
    name: "siblings",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\/[^/]+\.js$/ }, ({ path, namespace }) => {
        const name = basename(path);
        if (namespace === "moved" || !outputs.has(name)) return { path, external: true };
        if (own.has(name)) return undefined;
        if (merged.has(name) && name !== START) return { path: name, namespace: "moved" };
        return { path, external: true };
      });
      onLoad({ filter: /.*/, namespace: "moved" }, ({ path }) => {
        const names = outputs.get(path)?.exports ?? [];
        const renamed = names.map((name) => `${inStart(path, name)} as ${name}`);
        return { contents: `export { ${renamed.join(", ")} } from "./${START}";` };
      });
    },
  };
}

/**
 * What CommonJS packages expect around them, for those files that have some
 * inside: esbuild turns their `require` of builtins into `__require`, which
 * uses a `require` if there is one.
 */
function banner(text: string): string {
  const lines: string[] = [];
  if (/\b__require = /.test(text)) {
    lines.push(`import { createRequire as __createRequire } from "node:module";`);
    lines.push(`const require = __createRequire(import.meta.url);`);
  }
  const places = ["__filename", "__dirname"].filter((name) =>
    new RegExp(`(?<!["'\`.\\w])${name}\\b`).test(text),
  );
  if (places.length > 0) {
    lines.push(`const { filename: __filename, dirname: __dirname } = import.meta;`);
  }
  return lines.join("\n");
}
