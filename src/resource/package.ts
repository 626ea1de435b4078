import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

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
 * Finds the package of the script at `path`: the nearest `package.json` with a name,
 * in its folder or above. One without a name (`{"type": "commonjs"}` in a build's
 * folder) is skipped. A script in `node_modules` is a tool that runs the app: then
 * the search starts in the working directory. Never throws.
 *
 * @param path `process.argv[1]`: absolute; a file, a folder, or without its extension.
 * @param folder returns the working directory.
 */
export function findPackage(path: string, folder: () => string): PackageInfo | undefined {
  try {
    const script = realPath(path);
    return nearestPackage(isTool(script) ? folder() : script);
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

function nearestPackage(start: string): PackageInfo | undefined {
  let folder = start;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const candidate = packageIn(folder);
    if (candidate?.name !== undefined) return candidate;
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
    return parsePackage(JSON.parse(readFileSync(path, "utf8")), folder);
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
