import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { moduleAliases } from "../src/instrumentation/upstream/module-aliases.ts";
import { bundleDist } from "./build/bundle.ts";
import type { Bundle } from "./build/bundled-file.ts";
import { findDistProblems } from "./build/checks.ts";
import { writeDeclarations } from "./build/declarations.ts";
import { lazyEntryPoints } from "./build/lazy-modules.ts";
import { thirdPartyLicences } from "./build/licences.ts";
import { bundledPackages } from "./build/packages.ts";
import { bundlePage } from "./build/page.ts";
import { dist, scratch, staging } from "./build/paths.ts";
import { billOfMaterials } from "./build/sbom.ts";
import { isUpToDate, writeStamp } from "./build/stamp.ts";

/*
 * Builds `dist/`. The old one stays until the new one is complete. `--force`
 * builds even if nothing has changed since the last build; `--quiet` leaves out
 * the list of files.
 */
if (isUpToDate() && !process.argv.includes("--force")) {
  console.log("dist/ is up to date");
} else {
  const problems = await buildDist().catch((error: unknown) => [messageOf(error)]);
  if (problems.length === 0) {
    await replaceDist();
    writeStamp();
  } else {
    for (const problem of problems) console.error(`build: ${problem}`);
    process.exitCode = 1;
  }
  for (const folder of [staging, scratch]) await rm(folder, { recursive: true, force: true });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Returns the problems found, one line each. */
async function buildDist(): Promise<string[]> {
  const commands = lazyEntryPoints("cli/");
  const modules = Object.entries(lazyEntryPoints()).filter(([name]) => !(name in commands));
  const bundle = await bundleDist({
    preload: { start: "src/start.ts", ...Object.fromEntries(modules) },
    index: "src/index.ts",
    health: "src/health.ts",
    logger: "src/logger.ts",
    testing: "src/testing/observe.ts",
    cli: "src/cli/main.ts",
    commands,
    aliases: moduleAliases,
  });
  const files = new Map([...bundle, await bundlePage()]);
  printFiles(files);
  const packages = bundledPackages(files);
  const [sbom, problems] = await Promise.all([billOfMaterials(packages), writeDeclarations()]);
  await writeFile(join(staging, "sbom.cdx.json"), sbom);
  await writeFile(join(staging, "THIRD-PARTY-LICENSES.txt"), thirdPartyLicences(packages));
  return [...findDistProblems(files), ...problems];
}

async function replaceDist(): Promise<void> {
  await rm(dist, { recursive: true, force: true });
  await rename(staging, dist);
}

function printFiles(files: Bundle): void {
  const total = [...files.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  console.log(`dist/ has ${files.size} files, ${(total / 1000).toFixed(0)} kB of code`);
  if (process.argv.includes("--quiet")) return;
  const width = Math.max(...[...files.keys()].map((name) => name.length));
  for (const [name, { bytes, inputs, imports }] of files) {
    const size = `${(bytes / 1000).toFixed(1)} kB`.padStart(10);
    const loads = imports.length > 0 ? `, loads ${imports.join(" ")}` : "";
    console.log(`${name.padEnd(width)} ${size}  ${inputs.size} modules${loads}`);
  }
}
