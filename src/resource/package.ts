import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { lazy } from "../lazy.ts";

/** Loaded where a repository was found. */
const loadGit = lazy<typeof import("./git-commit.ts")>("resource/git-commit.ts");

/** Name and version in an app's `package.json`. */
export interface PackageInfo {
  readonly name: string | undefined;
  readonly version: string | undefined;
  /** Its folder. */
  readonly folder: string;
}

/** No script is more folders below its `package.json`. */
const MAX_DEPTH = 12;

/** No `package.json` is longer. */
const MAX_BYTES = 1024 * 1024;

/**
 * Returns the path above which the app's files are: the script's, without symbolic
 * links. A script in `node_modules` is a tool that runs the app: then it is the
 * working directory. Undefined if that does not exist any more. Never throws.
 *
 * @param path `process.argv[1]`: absolute; a file, a folder, or without its extension.
 * @param folder returns the working directory.
 */
export function findApp(path: string, folder: () => string): string | undefined {
  try {
    const script = realPath(path);
    return isTool(script) ? folder() : script;
  } catch {
    return undefined;
  }
}

/** Finds the package of the app whose script is at `path`. The parameters are those of `findApp`. Never throws. */
export function findPackage(path: string, folder: () => string): PackageInfo | undefined {
  const app = findApp(path, folder);
  return app === undefined ? undefined : packageAbove(app);
}

/**
 * Finds the package of the app at `path`: the nearest `package.json` with a name, in
 * its folder or above. One without a name (`{"type": "commonjs"}` in a build's folder)
 * is skipped. Never throws.
 */
export function packageAbove(path: string): PackageInfo | undefined {
  try {
    return searchUpwards(path, packageIn);
  } catch {
    return undefined;
  }
}

/**
 * Finds the commit that is checked out where the app is: the `HEAD` of the nearest
 * repository, if there is one. Never throws.
 */
export function findGitCommit(path: string): string | undefined {
  return readRepository(path, (entry) => loadGit().readGitCommit(entry));
}

/** Finds the branch that is checked out where the app is, in the same way. Never throws. */
export function findGitBranch(path: string): string | undefined {
  return readRepository(path, (entry) => loadGit().readGitBranch(entry));
}

function readRepository(
  path: string,
  readEntry: (entry: string) => string | undefined,
): string | undefined {
  try {
    const entry = searchUpwards(path, (folder) => {
      const name = join(folder, ".git");
      return statSync(name, { throwIfNoEntry: false }) && name;
    });
    return entry === undefined ? undefined : readEntry(entry);
  } catch {
    return undefined;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    // `node app` stands for `app.js`.
    return path;
  }
}

function isTool(path: string): boolean {
  return /[\\/]node_modules[\\/]/.test(path);
}

/** Returns the first result of `find` for a folder and those above it. */
function searchUpwards<T>(start: string, find: (folder: string) => T | undefined): T | undefined {
  let folder = start;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const found = find(folder);
    if (found !== undefined) return found;
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
  return undefined;
}

function packageIn(folder: string): PackageInfo | undefined {
  const path = join(folder, "package.json");
  const file = statSync(path, { throwIfNoEntry: false });
  if (!file?.isFile() || file.size > MAX_BYTES) return undefined;
  try {
    const info = parsePackage(JSON.parse(readFileSync(path, "utf8")), folder);
    return info?.name === undefined ? undefined : info;
  } catch {
    return undefined;
  }
}

function parsePackage(manifest: unknown, folder: string): PackageInfo | undefined {
  if (typeof manifest !== "object" || manifest === null) return undefined;
  const { name, version } = manifest as Readonly<Record<string, unknown>>;
  return { name: nonEmptyString(name), version: nonEmptyString(version), folder };
}

function nonEmptyString(field: unknown): string | undefined {
  return typeof field === "string" && field.trim() !== "" ? field.trim() : undefined;
}
