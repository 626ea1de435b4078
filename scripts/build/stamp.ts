import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cache, dist, root } from "./paths.ts";

/** What the build depends on. */
const SOURCES = [
  "src",
  "register.ts",
  "scripts/build",
  "scripts/build.ts",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "tsconfig.build.json",
];

const stampFile = join(cache, "build-stamp");

/** Whether `dist/` is as it was left by a build of the very same sources. */
export function isUpToDate(): boolean {
  try {
    return readFileSync(stampFile, "utf8") === computeStamp();
  } catch {
    return false;
  }
}

export function writeStamp(): void {
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, computeStamp());
}

/** The contents of the sources, and the names and sizes of what was made. */
function computeStamp(): string {
  const hash = createHash("sha256");
  for (const path of SOURCES.flatMap((source) => filesBelow(join(root, source)))) {
    hash.update(path).update(readFileSync(path));
  }
  for (const path of filesBelow(dist)) hash.update(`${path} ${statSync(path).size}`);
  return hash.digest("hex");
}

function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}
