import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cache, dist, root } from "./paths.ts";

/** The inputs of the build. */
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

/** Whether `dist/` is the unchanged result of a build of the current sources. */
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

/** Returns a hash of the contents of the sources, and of names and sizes in `dist/`. */
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
