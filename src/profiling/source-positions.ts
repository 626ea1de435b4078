import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { findSourceMap, SourceMap, type SourceMapPayload } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

/** A position in a file; line and column from 1. */
export interface SourcePosition {
  /** Path, or the name that the source map has. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The map of a file that is not parsed: it would block the app for about 100 ms. */
const MAX_MAP_BYTES = 8_000_000;
/** More than the comments at the end of a file. */
const TAIL_BYTES = 4_096;
/** Maximum number of files whose maps are kept. */
const MAX_FILES = 300;

interface FileMap {
  readonly map: SourceMap;
  /** To which sources are relative. */
  readonly base: string;
}

/** The source maps of the app's files, read once for each file. */
export class SourcePositions {
  readonly #maps = new Map<string, FileMap | undefined>();

  /**
   * Returns the original of a position in code that runs; undefined if the file has no
   * map. Reads a file synchronously at its first position. Never throws.
   *
   * @param file path or `file:` URL, as V8 reports it
   */
  originalOf(file: string, line: number, column: number): SourcePosition | undefined {
    try {
      const found = this.#mapOf(file);
      if (found === undefined) return undefined;
      const entry = found.map.findEntry(line - 1, column - 1);
      if (!("originalSource" in entry) || typeof entry.originalSource !== "string")
        return undefined;
      return {
        file: pathOf(new URL(entry.originalSource, found.base).href),
        line: entry.originalLine + 1,
        column: entry.originalColumn + 1,
      };
    } catch {
      // A malformed map.
      return undefined;
    }
  }

  #mapOf(file: string): FileMap | undefined {
    if (this.#maps.has(file)) return this.#maps.get(file);
    if (this.#maps.size >= MAX_FILES) this.#maps.clear();
    let found: FileMap | undefined;
    try {
      found = loadedMap(file) ?? mapOnDisk(pathOf(file));
    } catch {
      // Not a file, or a malformed map.
    }
    this.#maps.set(file, found);
    return found;
  }
}

/** Returns the map that Node knows: of tsx and others, which generate code in memory. */
function loadedMap(file: string): FileMap | undefined {
  const path = pathOf(file);
  const map = findSourceMap(path) ?? findSourceMap(pathToFileURL(path).href);
  return map && { map, base: pathToFileURL(path).href };
}

const COMMENT = /^\/[/*][#@] ?sourceMappingURL=(\S+)/gm;

function mapOnDisk(path: string): FileMap | undefined {
  const url = commentOf(tailOf(path)) ?? commentOf(wholeOf(path));
  if (url === undefined) return undefined;
  const address = new URL(url, pathToFileURL(path));
  const text = address.protocol === "data:" ? dataOf(url) : wholeOf(pathOf(address.href));
  if (text === "") return undefined;
  const payload = JSON.parse(text.replace(/^\)\]\}'/, "")) as SourceMapPayload;
  const file = address.protocol === "data:" ? pathToFileURL(path) : address;
  const root = payload.sourceRoot ?? "";
  const base = new URL(root === "" || root.endsWith("/") ? root : `${root}/`, file).href;
  return { map: new SourceMap({ ...payload, sourceRoot: "" }), base };
}

function commentOf(text: string): string | undefined {
  return [...text.matchAll(COMMENT)].at(-1)?.[1];
}

/** Returns the end of a file; a map in the file itself needs all of it. */
function tailOf(path: string): string {
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString();
  } finally {
    closeSync(descriptor);
  }
}

/** Returns a file, or nothing if it is too large. */
function wholeOf(path: string): string {
  const descriptor = openSync(path, "r");
  try {
    return fstatSync(descriptor).size > MAX_MAP_BYTES ? "" : readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}

function dataOf(url: string): string {
  const comma = url.indexOf(",");
  const content = url.slice(comma + 1);
  return url.slice(0, comma).endsWith(";base64")
    ? Buffer.from(content, "base64").toString()
    : decodeURIComponent(content);
}

function pathOf(file: string): string {
  return file.startsWith("file:") ? fileURLToPath(file.replace(/[?#].*$/s, "")) : file;
}
