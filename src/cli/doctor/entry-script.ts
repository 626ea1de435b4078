import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { textOf } from "./app-file.ts";
import type { App } from "./app.ts";
import { createFinding, type Finding } from "./finding.ts";
import { isInstrumented } from "./libraries-check.ts";

const SCRIPT = /(?:^|\s)([\w@./\\-]+\.[cm]?[jt]s)(?=\s|$)/g;

/** Returns the absolute path of the app's script, by package.json; undefined if there is none. */
export function entryScript({ manifest, folder }: App): string | undefined {
  const { startScript = "", main } = manifest;
  const named = [...startScript.matchAll(SCRIPT)].map(([, path = ""]) => path);
  const candidates = [...named.filter((path) => !/register\.c?js$/.test(path)), main];
  return candidates
    .filter((path) => path !== undefined)
    .map((path) => resolve(manifest.folder, path))
    .concat(join(folder, "index.js"))
    .find(isFile);
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

const PRELOAD = /telltale[\\/](dist[\\/])?register/;

/** Returns what is wrong with how the app is started, as far as files and flags show. */
export function checkStart(app: App, script: string | undefined): Finding[] {
  const { startScript } = app.manifest;
  const isPreloaded = PRELOAD.test(app.flags.join(" ")) || PRELOAD.test(startScript ?? "");
  const late = script === undefined ? [] : lateImport(script);
  if (late.length > 0) return [createFinding("preload-late", { libraries: late.join(", ") })];
  const files = [...(script === undefined ? [] : [script]), ...startFiles(app)];
  const isNamed = files.some((file) => PRELOAD.test(textOf(file)));
  if (isPreloaded || isNamed || startScript === undefined) return [];
  return [createFinding("preload-missing", { script: startScript })];
}

/** Files by which apps are started, beside the start script, or by which they get `NODE_OPTIONS`. */
const START_FILES = [
  "Dockerfile",
  "docker-compose.yml",
  "docker-compose.yaml",
  "compose.yml",
  "compose.yaml",
  "ecosystem.config.js",
  "ecosystem.config.cjs",
  "Procfile",
  ".npmrc",
  ".env",
];

function startFiles({ manifest: { folder } }: App): string[] {
  return START_FILES.map((name) => join(folder, name));
}

const IMPORT = /(?:\bfrom|\bimport|\brequire\s*\()\s*["']([^"'\n]{1,200})["']/g;

/** Returns the instrumented libraries that a script imports before telltale. */
function lateImport(script: string): string[] {
  const names = [...textOf(script).matchAll(IMPORT)].map(([, name = ""]) => name);
  const at = names.findIndex((name) => PRELOAD.test(name));
  return at === -1 ? [] : [...new Set(names.slice(0, at).filter(isInstrumented))];
}
