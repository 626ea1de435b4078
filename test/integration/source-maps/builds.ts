import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { build, type BuildOptions } from "esbuild";
import { root } from "../../../scripts/build/paths.ts";
import { node } from "../../nodes.ts";

/** The app in a folder of its own, as sources that are built in different ways. */
export interface App {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Creates the app: `src/main.ts` and `src/lib/order.ts`. */
export async function createApp(): Promise<App> {
  const folder = await mkdtemp(join(tmpdir(), "telltale-source-maps-"));
  await cp(join(import.meta.dirname, "app"), join(folder, "src"), { recursive: true });
  await writeFile(join(folder, "package.json"), '{ "name": "shop", "version": "1.0.0" }');
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Bundles the app to `dist/main.mjs` or `.cjs`. */
export async function bundle({ folder }: App, options: BuildOptions): Promise<string> {
  const file = join(folder, options.format === "esm" ? "dist/main.mjs" : "dist/main.cjs");
  await build({
    absWorkingDir: folder,
    entryPoints: ["src/main.ts"],
    bundle: true,
    platform: "node",
    format: "cjs",
    sourcemap: true,
    outfile: file,
    logLevel: "silent",
    ...options,
  });
  return file;
}

/** Compiles each file of the app by tsc. Returns the main file. */
export async function compile(
  { folder }: App,
  type: "module" | "commonjs",
  options: object = {},
): Promise<string> {
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "shop", type }));
  const compilerOptions = {
    target: "es2022",
    module: "nodenext",
    rootDir: "src",
    outDir: "dist",
    sourceMap: true,
    rewriteRelativeImportExtensions: true,
    types: [],
    noCheck: true,
    ...options,
  };
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, include: ["src"] }),
  );
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  await promisify(execFile)(node, [tsc, "-p", folder]);
  return join(folder, "dist/main.js");
}

/** Changes the source map of a built file. */
export async function changeMap(file: string, change: (map: SourceMap) => unknown): Promise<void> {
  const path = `${file}.map`;
  const map = JSON.parse(await readFile(path, "utf8")) as SourceMap;
  await writeFile(path, JSON.stringify(change(map)));
}

export interface SourceMap {
  readonly sources: readonly string[];
}

/** Removes the sources, as on a server to which only the output is deployed. */
export async function removeSources({ folder }: App): Promise<void> {
  await rm(join(folder, "src"), { recursive: true });
}

/** Adds a package to the app, which fails where the app calls it. */
export async function addPackage({ folder }: App): Promise<void> {
  const file = join(folder, "node_modules/till/index.js");
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, 'export function open() {\n  throw new Error("failed 14");\n}\n');
  const manifest = { name: "till", version: "2.1.0", type: "module" };
  await writeFile(join(dirname(file), "package.json"), JSON.stringify(manifest));
  const app = { name: "shop", dependencies: { till: "^2.0.0" } };
  await writeFile(join(folder, "package.json"), JSON.stringify(app));
  await writeFile(
    join(folder, "src/lib/order.ts"),
    'import { open } from "till";\n\nexport function place(_order: object): void {\n  open();\n}\n',
  );
}
