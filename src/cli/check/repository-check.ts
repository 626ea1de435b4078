import { type Dirent, existsSync, readdirSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { generateFiles } from "../../ops/generate.ts";
import { readOpsConfig } from "../ops/config-file.ts";
import { compareFolder } from "../ops/folder.ts";
import { DEFAULT_CONFIG, DEFAULT_FOLDER } from "../ops/options.ts";
import { textOf } from "../doctor/app-file.ts";
import type { App } from "../doctor/app.ts";
import type { Finding } from "../doctor/finding.ts";
import { productionFinding } from "./production-check.ts";
import type { ProductionId } from "./production-rows.ts";

/** Returns what the checklist finds in the files of the app: probes, health checks and alert rules. */
export async function checkRepository({
  manifest: { folder },
}: App): Promise<Finding<ProductionId>[]> {
  const root = repositoryOf(folder);
  const deployments = filesBelow(root).filter((file) => isDeployment(file) && !isRule(file));
  const sources = filesBelow(folder).filter((file) => /\.[cm]?[jt]sx?$/.test(file));
  return [
    ...(deployments.some((file) => PROBE.test(textOf(file)))
      ? []
      : [productionFinding("probes-missing")]),
    ...(sources.some((file) => textOf(file).includes("addHealthCheck"))
      ? []
      : [productionFinding("checks-missing")]),
    ...(await alertFindings(existsSync(join(folder, DEFAULT_FOLDER)) ? folder : root)),
  ];
}

/** Manifests of a monorepo are often beside its packages. */
function repositoryOf(folder: string): string {
  for (let at = folder; dirname(at) !== at; at = dirname(at))
    if (existsSync(join(at, ".git"))) return at;
  return folder;
}

/** A path of a probe, or the command as a shell or a list of words (`["telltale", "health"]`). */
const PROBE = /\/(livez|readyz|healthz)\b|\btelltale["',\s]{1,6}health\b/;

/** Files by which an app is deployed: images, Compose, Kubernetes, and those of platforms. */
function isDeployment(file: string): boolean {
  return /(^|[\\/])(Dockerfile|Containerfile)[\w.-]*$|\.(ya?ml|toml|tf|json)$|\.(Dockerfile|dockerfile)$/.test(
    file,
  );
}

/** Rules and dashboards that `telltale ops` writes name the paths of probes, too. */
function isRule(file: string): boolean {
  return /[\\/]ops[\\/]/.test(file) && !/[\\/]kubernetes[\\/]/.test(file);
}

async function alertFindings(folder: string): Promise<Finding<ProductionId>[]> {
  const { options, problems } = await readOpsConfig(join(folder, DEFAULT_CONFIG), false);
  const [problem] = problems.map((line) => line.replace(folder + sep, ""));
  // With the defaults in their place, files would be outdated that are not.
  if (problem !== undefined) return [productionFinding("alerts-invalid", { problem })];
  try {
    const differences = await compareFolder(join(folder, DEFAULT_FOLDER), generateFiles(options));
    const wrong = differences.filter(({ state }) => state !== "current" && state !== "edited");
    if (wrong.length === 0) return [];
    if (differences.every(({ state }) => state === "missing"))
      return [productionFinding("alerts-missing", { folder: DEFAULT_FOLDER })];
    const names = wrong.slice(0, MAX_NAMES).map(({ path }) => path);
    const files = names.join(", ") + (wrong.length > MAX_NAMES ? ", …" : "");
    const values = { folder: DEFAULT_FOLDER, count: wrong.length, files };
    return [productionFinding("alerts-outdated", values)];
  } catch (error) {
    const reason = (error as Error).message.replace(folder + sep, "");
    return [productionFinding("alerts-unreadable", { reason })];
  }
}

const MAX_NAMES = 3;
const MAX_FILES = 5000;
const MAX_DEPTH = 8;

const SKIPPED: ReadonlySet<string> = new Set([
  "node_modules",
  "dist",
  "build",
  "coverage",
  "test",
  "tests",
]);

/** Returns the files of an app, without those of packages, builds, tests and hidden folders. */
function filesBelow(folder: string): string[] {
  const files: string[] = [];
  const visit = (directory: string, depth: number): void => {
    for (const entry of entriesOf(directory)) {
      if (files.length >= MAX_FILES) return;
      const path = join(directory, entry.name);
      if (entry.isFile()) files.push(path);
      else if (entry.isDirectory() && depth < MAX_DEPTH && !isSkipped(entry.name))
        visit(path, depth + 1);
    }
  };
  visit(folder, 0);
  return files;
}

/** Folders of CI and platforms are hidden, and may have manifests. */
function isSkipped(name: string): boolean {
  return SKIPPED.has(name) || (name.startsWith(".") && name !== ".github" && name !== ".k8s");
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}
