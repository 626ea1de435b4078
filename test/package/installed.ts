import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../../scripts/node.mjs";

const run = promisify(execFile);

/** telltale as an installed package. */
export interface InstalledPackage {
  /** An otherwise empty project with telltale in its `node_modules`. */
  readonly project: string;
  /** The result of `npm pack`. */
  readonly tarball: string;
  /** Folder of the installed package. */
  readonly home: string;
  remove(): Promise<void>;
}

/** Packs the build and installs it in a new folder, without a registry. */
export async function installPackage(): Promise<InstalledPackage> {
  const folder = await mkdtemp(join(tmpdir(), "telltale-package-"));
  const project = join(folder, "project");
  await npm(root, folder, ["pack", "--ignore-scripts", "--pack-destination", folder]);
  const [name = ""] = (await readdir(folder)).filter((file) => file.endsWith(".tgz"));
  const tarball = join(folder, name);
  await mkdir(project);
  await writeFile(join(project, "package.json"), '{ "private": true }\n');
  await npm(project, folder, ["install", "--ignore-scripts", "--offline", tarball]);
  return {
    project,
    tarball,
    home: join(project, "node_modules", "telltale"),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Runs npm with an empty cache and without a registry. */
export async function npm(cwd: string, folder: string, args: readonly string[]): Promise<void> {
  const cli = process.env["npm_execpath"];
  const [command, before] = cli?.endsWith("js") ? [process.execPath, [cli]] : ["npm", []];
  await run(command, [...before, ...args, "--no-audit", "--no-fund"], {
    cwd,
    env: {
      ...process.env,
      npm_config_cache: join(folder, "cache"),
      npm_config_registry: "http://127.0.0.1:9/",
    },
  });
}

/** Returns all files below `folder`, relative to it. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}
