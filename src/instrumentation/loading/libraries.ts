import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join, sep } from "node:path";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import type { LoadedFile } from "./adaptor.ts";
import { appDirectories, type Dependencies, dependenciesOf } from "./dependencies.ts";
import { satisfies } from "./semver-range.ts";
import { ES_MAIN, MAIN, type LibraryRow } from "./library-row.ts";

/** A file of an instrumented library, with the rows that name it. */
export interface LibraryFile extends Omit<LoadedFile, "format"> {
  readonly rows: readonly LibraryRow[];
}

const NODE_MODULES = `${sep}node_modules${sep}`;

/** No package.json is larger. Larger files are skipped, so that loading an app stays fast. */
const MAX_BYTES = 1_000_000;

/**
 * Finds the rows for each file that is loaded. For nearly all files, one lookup of
 * the name below `node_modules` is enough.
 *
 * A library may also be installed under another name (an npm alias) or outside of
 * `node_modules` (a linked workspace). Direct dependencies of the app are found by
 * its package.json. Other libraries are recognized by the path of a file such as
 * `lib/router/index.js`; the package.json next to it then decides. Their main
 * files (`index.js`) are too common to be recognized, and so are not found.
 */
export class Libraries {
  readonly #rows = new Map<string, LibraryRow[]>();
  /** File name -> recognizable paths that end with it, each with a leading separator. */
  readonly #pathSuffixes = new Map<string, string[]>();
  readonly #libraries = new Map<string, Library | undefined>();
  readonly #files = new Map<string, LibraryFile>();
  readonly #dependencies: Dependencies;
  readonly #diagnostics: Diagnostics;

  constructor(rows: readonly LibraryRow[], diagnostics: Diagnostics) {
    this.#diagnostics = diagnostics;
    for (const row of rows) {
      append(this.#rows, row.package, row);
      for (const file of row.files) {
        if (!file.includes("/")) continue;
        const suffix = sep + file.replaceAll("/", sep);
        append(this.#pathSuffixes, fileNameOf(suffix), suffix);
      }
    }
    this.#dependencies = dependenciesOf(this.#rows, appDirectories());
  }

  /** Adds a file outside of any library, by its absolute path. */
  addFile(path: string, file: LibraryFile): void {
    this.#files.set(path, file);
  }

  /** Never throws. */
  find(path: string): LibraryFile | undefined {
    const single = this.#files.get(path);
    if (single !== undefined) return single;
    const directory = this.#directoryOf(path);
    if (directory === undefined) return undefined;
    const library = this.#libraryIn(directory);
    if (library === undefined) return undefined;
    const file = path.slice(directory.length + 1).replaceAll(sep, "/");
    const { main, esMain } = library;
    const isWanted = ({ files }: LibraryRow): boolean =>
      files.includes(file) ||
      (file === main && files.includes(MAIN)) ||
      (file === esMain && files.includes(ES_MAIN));
    const rows = library.rows.filter(isWanted);
    if (rows.length === 0) return undefined;
    const isMain = file === main || file === esMain;
    const { name, version } = library;
    return { package: name, version, file, isMain, directory, rows };
  }

  /** Finds the directory of a package that may be in the table. */
  #directoryOf(path: string): string | undefined {
    const at = path.lastIndexOf(NODE_MODULES);
    if (at !== -1) {
      const start = at + NODE_MODULES.length;
      let end = path.indexOf(sep, start);
      if (path.charCodeAt(start) === AT_SIGN) end = path.indexOf(sep, end + 1);
      const name = path.slice(start, end);
      if (this.#isLibrary(sep === "/" ? name : name.replace(sep, "/"))) return path.slice(0, end);
    }
    for (const directory of this.#dependencies.linked) {
      if (path.startsWith(directory + sep)) return directory;
    }
    const tails = this.#pathSuffixes.get(fileNameOf(path));
    if (tails === undefined) return undefined;
    const tail = tails.find((candidate) => path.endsWith(candidate));
    return tail === undefined ? undefined : path.slice(0, -tail.length);
  }

  #isLibrary(name: string): boolean {
    return this.#rows.has(name) || this.#dependencies.aliases.has(name);
  }

  #libraryIn(directory: string): Library | undefined {
    if (this.#libraries.has(directory)) return this.#libraries.get(directory);
    const library = this.#readLibrary(directory);
    this.#libraries.set(directory, library);
    return library;
  }

  #readLibrary(directory: string): Library | undefined {
    const manifest = readManifest(directory);
    if (manifest === undefined) return undefined;
    const { version } = manifest;
    const name = publishedName(manifest.name);
    const rows = this.#rows.get(name) ?? [];
    const known = rows.filter(({ versions }) => satisfies(version, versions));
    if (rows.length > 0 && known.length === 0) this.#reportUnsupported(manifest, rows);
    if (known.length === 0) return undefined;
    const wantsMain = known.some(({ files }) => files.includes(MAIN) || files.includes(ES_MAIN));
    const main = wantsMain ? resolveRequire(directory, manifest) : undefined;
    const esMain = wantsMain ? (resolveImport(manifest.exports) ?? main) : undefined;
    return { name, version, rows: known, main, esMain };
  }

  #reportUnsupported({ name, version }: Manifest, rows: readonly LibraryRow[]): void {
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
  readonly rows: readonly LibraryRow[];
  /** Files to which `require` and `import` resolve, relative, with `/`; set if a row needs them. */
  readonly main: string | undefined;
  readonly esMain: string | undefined;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: unknown;
}

/** Returns the name of the package of which Prisma generates a copy for an app's models. */
function publishedName(name: string): string {
  return /^prisma-client-[\da-f]{64}$/.test(name) ? "@prisma/client" : name;
}

function readManifest(directory: string): Manifest | undefined {
  try {
    const path = join(directory, "package.json");
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size === undefined || size > MAX_BYTES) return undefined;
    const manifest = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    const { name, version, exports } = manifest;
    if (typeof name !== "string" || typeof version !== "string") return undefined;
    return { name, version, exports };
  } catch {
    return undefined;
  }
}

/** Resolves `require(name)`: by `exports` (a package may require itself), else by `main`. */
function resolveRequire(directory: string, { name, exports }: Manifest): string | undefined {
  try {
    const require = createRequire(join(directory, "package.json"));
    const path = require.resolve(exports === undefined ? directory : name);
    if (!path.startsWith(directory + sep)) return undefined;
    return path.slice(directory.length + 1).replaceAll(sep, "/");
  } catch {
    return undefined;
  }
}

/** Node's default conditions for `import`; conditions of `--conditions` are not supported here. */
const CONDITIONS = ["node", "import", "module-sync", "node-addons", "default"];

/**
 * Resolves `import name` by the `exports`. Without `exports`, `import` resolves
 * like `require`.
 * https://nodejs.org/api/packages.html#conditional-exports
 */
function resolveImport(exports: unknown): string | undefined {
  if (typeof exports === "string") return exports.replace(/^\.\//, "");
  if (Array.isArray(exports)) return resolveImport(exports[0]);
  if (typeof exports !== "object" || exports === null) return undefined;
  for (const [key, value] of Object.entries(exports)) {
    const file = key === "." || CONDITIONS.includes(key) ? resolveImport(value) : undefined;
    if (file !== undefined) return file;
  }
  return undefined;
}

function fileNameOf(path: string): string {
  return path.slice(path.lastIndexOf(sep) + 1);
}

function append<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else if (!list.includes(value)) list.push(value);
}
