import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { chunks } from "../src/chunks.ts";
import { type Bundle, bundle } from "./build/bundle.ts";
import { problemsOf } from "./build/checks.ts";
import { writeDeclarations } from "./build/declarations.ts";
import { thirdPartyLicences } from "./build/licences.ts";
import { bundledPackages } from "./build/packages.ts";
import { dist, root } from "./build/places.ts";
import { billOfMaterials } from "./build/sbom.ts";
import { isUpToDate, remember } from "./build/stamp.ts";

/*
 * Makes `dist/`. With `--force` also when nothing has changed since.
 */
if (isUpToDate() && !process.argv.includes("--force")) {
  console.log("dist/ is up to date");
} else {
  const problems = await makeDist().catch((error: unknown) => [messageOf(error)]);
  for (const problem of problems) console.error(`build: ${problem}`);
  if (problems.length === 0) remember();
  else process.exitCode = 1;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function makeDist(): Promise<string[]> {
  const made = await bundle(entries(), {});
  report(made);
  for (const name of made.missing) console.log(`not there yet: ${name}`);
  const packages = bundledPackages(made);
  const [sbom, typeProblems] = await Promise.all([billOfMaterials(packages), declarations()]);
  await writeFile(join(dist, "sbom.cdx.json"), sbom);
  await writeFile(join(dist, "THIRD-PARTY-LICENSES.txt"), thirdPartyLicences(packages));
  return [...problemsOf(made), ...typeProblems];
}

function declarations(): Promise<string[]> {
  return existsSync(join(root, "src/index.ts")) ? writeDeclarations() : Promise.resolve([]);
}

/** Name in `dist/` -> source file. */
function entries(): Record<string, string> {
  const lazy = Object.entries(chunks).map(([name, path]) => [name, join("src", path)]);
  return {
    start: "src/start.ts",
    index: "src/index.ts",
    cli: "src/cli/main.ts",
    ...(Object.fromEntries(lazy) as Record<string, string>),
  };
}

function report({ files }: Bundle): void {
  const width = Math.max(...[...files.keys()].map((name) => name.length));
  for (const [name, { bytes, inputs, imports }] of files) {
    const size = `${(bytes / 1000).toFixed(1)} kB`.padStart(10);
    const loads = imports.length > 0 ? `, loads ${new Set(imports).size} more` : "";
    console.log(`${name.padEnd(width)} ${size}  ${inputs.size} modules${loads}`);
  }
}
