import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** A package on disk. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly directory: string;
  /** Names of the packages that it needs. */
  readonly dependencies: readonly string[];
}

/** Reads the package in a directory; undefined if there is none. Never throws. */
export function packageIn(directory: string): InstalledPackage | undefined {
  try {
    const manifest = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as Readonly<
      Record<string, unknown>
    >;
    const { name, version, dependencies } = manifest;
    if (typeof name !== "string" || typeof version !== "string") return undefined;
    const needed = typeof dependencies === "object" ? Object.keys(dependencies ?? {}) : [];
    return { name, version, directory: realpathSync(directory), dependencies: needed };
  } catch {
    return undefined;
  }
}

/** Finds a package as Node does: in the `node_modules` of a folder and of those above. */
export function findPackage(name: string, folder: string): InstalledPackage | undefined {
  for (const modules of moduleFolders(folder)) {
    const found = packageIn(join(modules, name));
    if (found !== undefined) return found;
  }
  return undefined;
}

function moduleFolders(folder: string): string[] {
  const parent = dirname(folder);
  const own = join(folder, "node_modules");
  return parent === folder ? [own] : [own, ...moduleFolders(parent)];
}

/** Folders that are searched at most, so that the search ends in a large monorepo, too. */
const MAX_FOLDERS = 20_000;

/** Finds all copies of a package that an app in a folder may load, in nested `node_modules`, too. */
export function findCopies(name: string, folder: string): InstalledPackage[] {
  const copies = new Map<string, InstalledPackage>();
  const pending = moduleFolders(folder);
  const seen = new Set<string>();
  for (let modules = pending.shift(); modules !== undefined; modules = pending.shift()) {
    const real = realFolder(modules);
    if (real === undefined || seen.has(real) || seen.size > MAX_FOLDERS) continue;
    seen.add(real);
    const found = packageIn(join(real, name));
    if (found !== undefined) copies.set(found.directory, found);
    for (const directory of packageFolders(real)) pending.push(join(directory, "node_modules"));
  }
  return [...copies.values()];
}

function realFolder(path: string): string | undefined {
  try {
    return statSync(path).isDirectory() ? realpathSync(path) : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the folders of the packages in a `node_modules`; pnpm has theirs one level deeper. */
function packageFolders(modules: string): string[] {
  return namesIn(modules).flatMap((name) => {
    const path = join(modules, name);
    if (name.startsWith("@")) return namesIn(path).map((scoped) => join(path, scoped));
    if (name === ".pnpm") return namesIn(path).map((one) => join(path, one));
    return name.startsWith(".") ? [] : [path];
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
