import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { build, type BuildOptions, type Metafile } from "esbuild";
import { libraryRows } from "../../src/instrumentation/table.ts";
import { upstreamRows } from "../../src/instrumentation/upstream/generated/rows.ts";
import { mergeIntoStart } from "./merge.ts";
import { buildOptions } from "./options.ts";
import { root, scratch, staging } from "./paths.ts";
import { builtinsPlugin } from "./builtins.ts";
import { eagerModulesPlugin } from "./lazy-modules.ts";
import { stripDocsPlugin } from "./docs.ts";
import { ownApiPlugin } from "./own-api.ts";
import { sdkPackagesPlugin } from "./sdk-packages.ts";
import { workerCodePlugin } from "./worker-code.ts";
import type { BundledFile, Bundle } from "./bundled-file.ts";

export interface BundleEntries {
  /** Name in `dist/` -> source file: `start` and the lazy modules. */
  readonly preload: Readonly<Record<string, string>>;
  /**
   * The public API, for `import` and `require`. It reaches the preload through the
   * global object, so that neither it nor an app that bundles it contains the preload.
   */
  readonly index: string;
  /** The entry `telltale/health`, for `import` and `require`. It reaches the preload as `index` does. */
  readonly health: string;
  /** The entry `telltale/logger`, for `import` and `require`. It imports the app's winston. */
  readonly logger: string;
  /** The entry `telltale/testing`, for `import` and `require`. It starts the preload. */
  readonly testing: string;
  /** The command-line program. It imports nothing, so that it can check the version of Node. */
  readonly cli: string;
  /**
   * Name in `dist/` -> source file: its lazy commands. They share files with each other,
   * but not with the preload, which would then load more of them.
   */
  readonly commands: Readonly<Record<string, string>>;
  /** Packages replaced by modules of this project. */
  readonly aliases: Readonly<Record<string, string>>;
}

/** Precedes everything else in the program, which imports nothing (`builtins.ts`). */
const PROGRAM_START = `#!/usr/bin/env node
{
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 15)) {
    console.error(\`telltale: Node \${process.versions.node} is too old, 22.15 or newer is required\`);
    process.exit(1);
  }
}`;

/**
 * The ES modules of `yaml`, of which a bundle has only what it uses, and which need none
 * of Node's modules. By its `exports` Node gets CommonJS.
 */
const YAML_MODULES = join(root, "node_modules/yaml/browser/index.js");

/** Bundles everything into the staging folder. */
export async function bundleDist(entries: BundleEntries): Promise<Bundle> {
  const { preload, index, health, logger, testing, cli, commands, aliases } = entries;
  await bundleRegister();
  const split = await build({
    ...buildOptions,
    alias: { ...aliases, yaml: YAML_MODULES },
    entryPoints: preload,
    inject: ["src/node-globals.ts"],
    define: { "process.nextTick": "nextTick" },
    outdir: scratch,
    splitting: true,
    chunkNames: "chunk-[hash]",
    minifySyntax: false,
    // The second pass reads the maps of the first.
    sourcemap: "linked",
    plugins: [ownApiPlugin(), sdkPackagesPlugin(), workerCodePlugin(), stripDocsPlugin()],
  });
  const merged = await mergeIntoStart(split.metafile);
  const alone = { ...buildOptions, alias: aliases, plugins: [builtinsPlugin()] };
  const apis = await bundleApis({ index, health }, alone);
  const loggers = await bundleLogger(logger);
  const tests = await bundleTesting(testing);
  await bundleJest();
  const program = await build({
    ...alone,
    entryPoints: { cli },
    outdir: staging,
    banner: { js: PROGRAM_START },
  });
  const lazyCommands = await build({
    ...alone,
    alias: { ...aliases, yaml: YAML_MODULES },
    entryPoints: commands,
    outdir: staging,
    splitting: true,
    chunkNames: "cli-chunk-[hash]",
    sourcemap: false,
  });
  await chmod(join(staging, "cli.js"), 0o755);
  const alones = [...apis, loggers, tests, program, lazyCommands].flatMap(({ metafile }) =>
    filesOf(metafile),
  );
  return new Map([...merged, ...alones]);
}

/** Bundles the entries that reach the preload, by name, for `import` and `require`. */
async function bundleApis(
  entries: Readonly<Record<string, string>>,
  options: BuildOptions & { readonly metafile: true },
): Promise<{ readonly metafile: Metafile }[]> {
  return Promise.all(
    Object.entries(entries).map(async ([name, source]) => {
      const entry = { ...options, entryPoints: [source] };
      const cjs = { format: "cjs", sourcemap: false } as const;
      await build({ ...entry, ...cjs, outfile: join(staging, `${name}.cjs`) });
      return build({ ...entry, outfile: join(staging, `${name}.js`) });
    }),
  );
}

/** Bundles `logger.js` and `logger.cjs`. Apps may bundle them again, so they are complete but for winston. */
async function bundleLogger(logger: string): Promise<{ readonly metafile: Metafile }> {
  const options = {
    ...buildOptions,
    alias: { yaml: YAML_MODULES },
    external: ["winston"],
    plugins: [eagerModulesPlugin(), builtinsPlugin()],
    entryPoints: [logger],
  };
  await build({
    ...options,
    format: "cjs",
    sourcemap: false,
    define: { "import.meta.url": "__filename" },
    outfile: join(staging, "logger.cjs"),
  });
  return build({ ...options, outfile: join(staging, "logger.js") });
}

/** Bundles `testing.js` and `testing.cjs`, which load the preload beside them. */
async function bundleTesting(testing: string): Promise<{ readonly metafile: Metafile }> {
  const options = { ...buildOptions, plugins: [builtinsPlugin()], entryPoints: [testing] };
  await build({
    ...options,
    format: "cjs",
    sourcemap: false,
    define: { "import.meta.url": "__filename" },
    outfile: join(staging, "testing.cjs"),
  });
  return build({ ...options, outfile: join(staging, "testing.js") });
}

/** The files of `telltale/testing/jest`, which jest requires. */
const jestModules = {
  "testing-jest": "src/testing/jest/config.ts",
  "testing-jest-environment": "src/testing/jest/environment.ts",
  "testing-jest-transformer": "src/testing/jest/transformer.ts",
};

/** Bundles what jest requires, with the names of the libraries that are instrumented. */
async function bundleJest(): Promise<void> {
  const packages = [...libraryRows, ...upstreamRows].map((row) => row.package);
  const names = new Set(packages.filter((name) => !name.startsWith("node:")));
  await build({
    ...buildOptions,
    plugins: [builtinsPlugin()],
    entryPoints: jestModules,
    format: "cjs",
    sourcemap: false,
    define: {
      "import.meta.url": "__filename",
      "import.meta.dirname": "__dirname",
      LIBRARY_NAMES: JSON.stringify([...names].toSorted()),
    },
    outdir: staging,
    outExtension: { ".js": ".cjs" },
  });
}

/** Bundles `register.js` and `register.cjs`, which only check the version of Node. */
async function bundleRegister(): Promise<void> {
  const guard = { ...buildOptions, target: "node12", sourcemap: false } as const;
  const entryPoints = [join(root, "register.ts")];
  await build({ ...guard, entryPoints, outfile: join(staging, "register.js") });
  await build({
    ...guard,
    entryPoints,
    format: "cjs",
    outfile: join(staging, "register.cjs"),
    define: { "import.meta.url": "__filename" },
  });
}

function filesOf(metafile: Metafile): [string, BundledFile][] {
  const scripts = Object.entries(metafile.outputs).filter(([path]) => path.endsWith(".js"));
  return scripts.map(([path, { bytes, inputs }]) => {
    const used = Object.entries(inputs).map(
      ([input, { bytesInOutput }]) => [input, bytesInOutput] as const,
    );
    const name = path.slice(path.lastIndexOf("/") + 1);
    return [name, { bytes, imports: [], inputs: new Map(used.filter(([, size]) => size > 0)) }];
  });
}
