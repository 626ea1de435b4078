import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { build, type BuildOptions } from "esbuild";
import { cache, root } from "../scripts/build/paths.ts";

/** Bundled programs: Node 22.15 reads no TypeScript. */
export interface TestBundle {
  readonly path: (entryPoint: string) => string;
  /** Removes the programs. */
  remove(): Promise<void>;
}

/** @param name the name of the folder below `node_modules`, where programs find their packages */
export async function bundleForTest(
  name: string,
  entryPoints: Readonly<Record<string, string>>,
  more: Pick<BuildOptions, "alias" | "external"> = {},
): Promise<TestBundle> {
  await mkdir(cache, { recursive: true });
  const directory = await mkdtemp(join(cache, `${name}-test-`));
  await build({
    absWorkingDir: root,
    entryPoints: { ...entryPoints },
    outdir: directory,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node22.15",
    logLevel: "warning",
    ...more,
  });
  return {
    path: (entryPoint) => join(directory, `${entryPoint}.js`),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
