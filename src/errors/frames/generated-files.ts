import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, extname, join, sep } from "node:path";

/** Limits the search for one source. */
const MAX_FOLDERS = 8;
const MAX_FILES = 50;

/**
 * Returns files that may have been generated from a source that does not exist here, the
 * most likely first. Node has no list of them: a stack that it has mapped has the
 * names of sources only.
 */
export function generatedFilesOf(source: string): readonly string[] {
  const found = new Set(compiledFilesOf(source));
  const entry = entryFile();
  if (entry !== undefined) found.add(entry);
  const loaded = Object.keys(createRequire(import.meta.url).cache).filter(isOwnCode);
  for (const file of loaded) if (stemOf(file) === stemOf(source)) found.add(file);
  if (entry !== undefined) for (const file of mappedFilesBeside(entry)) found.add(file);
  for (const file of loaded) found.add(file);
  return [...found].slice(0, MAX_FILES);
}

function isOwnCode(file: string): boolean {
  return !file.includes(`${sep}node_modules${sep}`);
}

function stemOf(file: string): string {
  return basename(file, extname(file));
}

const OUTPUT_EXTENSIONS: Readonly<Record<string, string>> = { ".mts": ".mjs", ".cts": ".cjs" };

/**
 * Returns existing outputs of a compiler that keeps the folders of its sources: for
 * `/app/src/lib/a.ts` and a main file in `/app/dist`, `/app/dist/lib/a.js`.
 */
function compiledFilesOf(source: string): string[] {
  const entry = entryFile();
  if (entry === undefined) return [];
  const extension = extname(source);
  const compiled =
    source.slice(0, -extension.length || undefined) + (OUTPUT_EXTENSIONS[extension] ?? ".js");
  const parts = compiled.split(/[\\/]/);
  const folders = foldersFrom(dirname(entry));
  const files: string[] = [];
  for (let from = Math.max(1, parts.length - MAX_FOLDERS); from < parts.length; from++) {
    for (const folder of folders) {
      const file = join(folder, ...parts.slice(from));
      if (existsSync(file)) files.push(file);
    }
  }
  return files;
}

/** Returns a folder and those above it, up to that of the package. */
function foldersFrom(start: string): string[] {
  const folders = [start];
  for (let folder = start; folders.length < MAX_FOLDERS; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json")) || dirname(folder) === folder) break;
    folders.push(dirname(folder));
  }
  return folders;
}

function entryFile(): string | undefined {
  const path = process.argv[1];
  if (path === undefined) return undefined;
  return [path, `${path}.js`, join(path, "index.js")].find(
    (file) => extname(file) !== "" && existsSync(file),
  );
}

/** Returns the files with a map in the folder of the main file, as a bundler writes its chunks. */
function mappedFilesBeside(entry: string): string[] {
  const folder = dirname(entry);
  try {
    const maps = readdirSync(folder).filter((name) => name.endsWith(".map"));
    return maps.slice(0, MAX_FILES).map((name) => join(folder, name.slice(0, -".map".length)));
  } catch {
    return [];
  }
}
