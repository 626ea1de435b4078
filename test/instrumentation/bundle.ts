import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { cache, root } from "../../scripts/build/places.ts";
import { chunks } from "../../src/chunks.ts";
import { aliases } from "../../src/instrumentation/aliases.ts";

/**
 * The fixtures of this room with the adaptors' chunks beside them, as the build
 * makes them: Node 22.15 reads no TypeScript, and upstream's instrumentations
 * need our aliases. Below `node_modules`, so that the fixtures find their
 * packages; `remove` it after use.
 */
export async function bundleFixtures(): Promise<{
  readonly path: (fixture: string) => string;
  readonly remove: () => Promise<void>;
}> {
  await mkdir(cache, { recursive: true });
  const directory = await mkdtemp(join(cache, "instrumentation-test-"));
  const adaptors = Object.entries(chunks).filter(([name]) => name.startsWith("instrumentation-"));
  await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries([
      ...adaptors.map(([name, path]) => [name, join("src", path)]),
      // The name of a chunk: that is how the loader asks for it.
      ["instrumentation-test", "test/instrumentation/fixtures/adaptor.ts"],
      ...fixtures.map((name) => [name, `test/instrumentation/fixtures/${name}.ts`]),
    ]),
    outdir: directory,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node22.15",
    alias: aliases,
    external: ["express", "express4", "fastify", "fastify4", "pg"],
    logLevel: "warning",
  });
  return {
    path: (fixture) => join(directory, `${fixture}.js`),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

const fixtures = ["preload", "queries", "serve"];
