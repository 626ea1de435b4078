import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join, sep } from "node:path";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { LoadedFile } from "./adaptor.ts";
import { satisfies } from "./range.ts";
import { MAIN, type Row } from "./table.ts";

/** A file that the table asks for, and the rows that do. */
export interface Found extends LoadedFile {
  readonly rows: readonly Row[];
}

const NODE_MODULES = `${sep}node_modules${sep}`;

/** No package.json is longer; we don't read for long while an app loads. */
const MAX_BYTES = 1_000_000;

/**
 * Says of each file that is loaded whether the table asks for it. Nearly all
 * are answered by one look at the name below `node_modules`.
 *
 * A library may lie elsewhere too: under another name (an npm alias) or
 * outside of `node_modules` (a linked workspace). It is known by a file with
 * a telling name, `lib/router/index.js`; then the package.json beside that
 * decides. Its main file has no telling name (`index.js`), and so isn't
 * found there.
 */
export class Libraries {
  readonly #rows = new Map<string, Row[]>();
  /** Last part of a telling path -> the telling paths, each with a separator in front. */
  readonly #tails = new Map<string, string[]>();
  readonly #libraries = new Map<string, Library | undefined>();
  readonly #diagnostics: Diagnostics;

  constructor(rows: readonly Row[], diagnostics: Diagnostics) {
    this.#diagnostics = diagnostics;
    for (const row of rows) {
      append(this.#rows, row.package, row);
      for (const file of row.files) {
        if (!file.includes("/")) continue;
        const tail = sep + file.replaceAll("/", sep);
        append(this.#tails, baseOf(tail), tail);
      }
    }
  }

  /** Never throws. */
  find(path: string): Found | undefined {
    const directory = this.#directoryOf(path);
    if (directory === undefined) return undefined;
    const library = this.#libraryIn(directory);
    if (library === undefined) return undefined;
    const file = path.slice(directory.length + 1).replaceAll(sep, "/");
    const isMain = file === library.main;
    const rows = library.rows.filter(
      ({ files }) => files.includes(file) || (isMain && files.includes(MAIN)),
    );
    if (rows.length === 0) return undefined;
    const { name, version } = library;
    return { package: name, version, file, isMain, directory, rows };
  }

  /** The directory of a package that may be in the table. */
  #directoryOf(path: string): string | undefined {
    const at = path.lastIndexOf(NODE_MODULES);
    if (at !== -1) {
      const start = at + NODE_MODULES.length;
      let end = path.indexOf(sep, start);
      if (path.charCodeAt(start) === AT_SIGN) end = path.indexOf(sep, end + 1);
      const name = path.slice(start, end);
      if (this.#rows.has(sep === "/" ? name : name.replace(sep, "/"))) return path.slice(0, end);
    }
    const tails = this.#tails.get(baseOf(path));
    if (tails === undefined) return undefined;
    const tail = tails.find((candidate) => path.endsWith(candidate));
    return tail === undefined ? undefined : path.slice(0, -tail.length);
  }

  #libraryIn(directory: string): Library | undefined {
    if (this.#libraries.has(directory)) return this.#libraries.get(directory);
    const library = this.#read(directory);
    this.#libraries.set(directory, library);
    return library;
  }

  #read(directory: string): Library | undefined {
    const manifest = readManifest(directory);
    if (manifest === undefined) return undefined;
    const { name, version } = manifest;
    const rows = this.#rows.get(name) ?? [];
    const known = rows.filter(({ versions }) => satisfies(version, versions));
    if (rows.length > 0 && known.length === 0) this.#sayUnknown(manifest, rows);
    if (known.length === 0) return undefined;
    const wantsMain = known.some(({ files }) => files.includes(MAIN));
    const main = wantsMain ? mainFile(directory, manifest) : undefined;
    return { name, version, rows: known, main };
  }

  #sayUnknown({ name, version }: Manifest, rows: readonly Row[]): void {
    const versions = rows.map((row) => row.versions).join(" || ");
    this.#diagnostics.debug(
      `instrumentation.version:${name}`,
      `${name} ${version} is not instrumented, only ${versions} is`,
    );
  }
}

const AT_SIGN = 64;

interface Library {
  readonly name: string;
  readonly version: string;
  readonly rows: readonly Row[];
  /** Relative, with `/`. */
  readonly main: string | undefined;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly hasExports: boolean;
}

function readManifest(directory: string): Manifest | undefined {
  try {
    const path = join(directory, "package.json");
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size === undefined || size > MAX_BYTES) return undefined;
    const manifest = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    const { name, version, exports } = manifest;
    if (typeof name !== "string" || typeof version !== "string") return undefined;
    return { name, version, hasExports: exports !== undefined };
  } catch {
    return undefined;
  }
}

/** What `require(name)` gives: by the `exports` (a package may ask for itself), else by `main`. */
function mainFile(directory: string, { name, hasExports }: Manifest): string | undefined {
  try {
    const require = createRequire(join(directory, "package.json"));
    const path = require.resolve(hasExports ? name : directory);
    if (!path.startsWith(directory + sep)) return undefined;
    return path.slice(directory.length + 1).replaceAll(sep, "/");
  } catch {
    return undefined;
  }
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf(sep) + 1);
}

function append<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else if (!list.includes(value)) list.push(value);
}
