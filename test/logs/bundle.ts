import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { cache, root } from "../../scripts/build/places.ts";
import { chunks } from "../../src/chunks.ts";

/**
 * The preload of this room with winston's chunk beside it, as the build makes
 * them: Node 22.15 reads no TypeScript. `remove` it after use.
 */
export async function bundlePreload(): Promise<{
  readonly path: string;
  readonly remove: () => Promise<void>;
}> {
  await mkdir(cache, { recursive: true });
  const directory = await mkdtemp(join(cache, "logs-test-"));
  await build({
    absWorkingDir: root,
    entryPoints: {
      preload: "test/logs/fixtures/preload.ts",
      "logs-winston": join("src", chunks["logs-winston"]),
    },
    outdir: directory,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node22.15",
    logLevel: "warning",
  });
  return {
    path: join(directory, "preload.js"),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
