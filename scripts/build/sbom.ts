import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BundledPackage } from "./packages.ts";
import { root } from "./paths.ts";

const run = promisify(execFile);

interface Sbom {
  metadata: { component: { "bom-ref": string } };
  components: Component[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}

interface Component {
  "bom-ref": string;
  scope?: string;
  properties?: { name: string; value: string }[];
}

const PATH = "cdx:npm:package:path";
const DEVELOPMENT = "cdx:npm:package:development";

/**
 * Returns the CycloneDX bill of materials of `dist/`. The tool lists everything
 * that npm installed; the bundled packages are kept, though npm counts them as
 * development dependencies.
 *
 * @returns JSON, the same for the same input.
 */
export async function billOfMaterials(packages: readonly BundledPackage[]): Promise<string> {
  const sbom = JSON.parse(await runTool()) as Sbom;
  const wanted = new Set(packages.map(({ path }) => path));
  sbom.components = sbom.components
    .filter((component) => wanted.has(pathOf(component) ?? ""))
    .map(toComponent);
  if (sbom.components.length !== wanted.size) {
    throw new Error(`the SBOM tool knows ${sbom.components.length} of ${wanted.size} packages`);
  }
  const refs = new Set(sbom.components.map((component) => component["bom-ref"]));
  const self = sbom.metadata.component["bom-ref"];
  sbom.dependencies = [
    { ref: self, dependsOn: [...refs].toSorted() },
    ...sbom.dependencies
      .filter(({ ref }) => refs.has(ref))
      .map((entry) => dependenciesWithin(refs, entry)),
  ];
  return `${JSON.stringify(sbom, null, 1)}\n`;
}

async function runTool(): Promise<string> {
  const tool = join(root, "node_modules/@cyclonedx/cyclonedx-npm/bin/cyclonedx-npm-cli.js");
  const args = ["--package-lock-only", "--flatten-components", "--output-reproducible"];
  const formatArgs = ["--mc-type", "library", "--spec-version", "1.6", "--validate"];
  const { stdout } = await run(process.execPath, [tool, ...args, ...formatArgs], {
    cwd: root,
    // In production it would leave out all development dependencies.
    env: { ...process.env, NODE_ENV: "" },
    maxBuffer: 64 * 2 ** 20,
  });
  return stdout;
}

function pathOf(component: Component): string | undefined {
  return component.properties?.find(({ name }) => name === PATH)?.value;
}

function toComponent(component: Component): Component {
  const properties = component.properties?.filter(({ name }) => name !== DEVELOPMENT) ?? [];
  return { ...component, scope: "required", properties };
}

function dependenciesWithin(
  refs: ReadonlySet<string>,
  entry: Sbom["dependencies"][number],
): typeof entry {
  const dependsOn = entry.dependsOn?.filter((ref) => refs.has(ref)) ?? [];
  return dependsOn.length > 0 ? { ref: entry.ref, dependsOn } : { ref: entry.ref };
}
