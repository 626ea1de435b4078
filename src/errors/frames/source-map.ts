import { dirname, isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Interruptible,
  type JsonRange,
  parseRange,
  scanArray,
  scanObject,
} from "./json-scan.ts";
import type { FileTask } from "../file-task.ts";
import { findPositions, type GeneratedPosition, type OriginalPosition } from "./mappings.ts";

/** A source map, as bytes that are never parsed as a whole. */
export interface SourceMapBytes {
  readonly bytes: Buffer;
  /** Folder to which its sources are relative: that of the map, or of the file that contains it. */
  readonly folder: string;
}

/** A position in an original source. */
export interface SourcePosition {
  /** Absolute path, or a URL of a bundler such as `webpack://app/./src/main.ts`. */
  readonly source: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Text of the source, if the map contains it. */
  readonly content: string | undefined;
}

/** Longer texts of sources are not read. */
const MAX_CONTENT_BYTES = 5_000_000;

/**
 * Finds positions of a generated file in its sources; undefined for those that have none,
 * and for a malformed map.
 *
 * @param wanted sorted by line and column.
 */
export function* mapPositions(
  map: SourceMapBytes,
  wanted: readonly GeneratedPosition[],
): Interruptible<(SourcePosition | undefined)[]> {
  const { bytes } = map;
  const fields = yield* scanObject(bytes);
  const sections = fields.get("sections");
  if (sections !== undefined) return yield* mapInSections(map, sections, wanted);
  const mappings = fields.get("mappings");
  if (mappings === undefined) return wanted.map(() => undefined);
  const found = yield* findPositions(bytes, mappings.start + 1, wanted);
  const indexes = new Set(found.flatMap((position) => position?.source ?? []));
  const names = yield* pick(bytes, fields.get("sources"), indexes);
  const contents = yield* pick(bytes, fields.get("sourcesContent"), indexes);
  const root = textIn(bytes, fields.get("sourceRoot")) ?? "";
  return found.map((position) => {
    const name = position && textIn(bytes, names.get(position.source));
    if (position === undefined || name === undefined) return undefined;
    const source = resolveSource(map.folder, root, name);
    return sourcePosition(position, source, contentIn(bytes, contents.get(position.source)));
  });
}

function sourcePosition(
  { line, column }: OriginalPosition,
  source: string,
  content: string | undefined,
): SourcePosition | undefined {
  if (line < 0 || column < 0) return undefined;
  return { source, line: line + 1, column: column + 1, content };
}

interface Section extends GeneratedPosition {
  readonly range: JsonRange;
}

/** Maps the positions of an indexed map, which consists of maps for parts of the file. */
function* mapInSections(
  { bytes, folder }: SourceMapBytes,
  range: JsonRange,
  wanted: readonly GeneratedPosition[],
): Interruptible<(SourcePosition | undefined)[]> {
  const sections = yield* sectionsIn(bytes, range);
  const found: (SourcePosition | undefined)[] = wanted.map(() => undefined);
  for (const [at, section] of sections.entries()) {
    const next = sections[at + 1];
    const indexes = wanted.flatMap((one, index) =>
      isFrom(one, section) && (next === undefined || !isFrom(one, next)) ? [index] : [],
    );
    if (indexes.length === 0) continue;
    const part = { bytes: bytes.subarray(section.range.start, section.range.end), folder };
    const inSection = indexes.map((index) =>
      relativeTo(section, wanted[index] as GeneratedPosition),
    );
    const mapped = yield* mapPositions(part, inSection);
    for (const [order, index] of indexes.entries()) found[index] = mapped[order];
  }
  return found;
}

function* sectionsIn(bytes: Buffer, range: JsonRange): Interruptible<Section[]> {
  const elements: JsonRange[] = [];
  yield* scanArray(bytes, range, (element) => elements.push(element) >= MAX_SECTIONS);
  const sections: Section[] = [];
  for (const { start } of elements) {
    const fields = yield* scanObject(bytes, start);
    const offset = fields.get("offset");
    const map = fields.get("map");
    const { line, column } = offsetIn(bytes, offset);
    if (typeof line === "number" && typeof column === "number" && map !== undefined) {
      sections.push({ line, column, range: map });
    }
  }
  return sections;
}

const MAX_SECTIONS = 100_000;

function offsetIn(bytes: Buffer, range: JsonRange | undefined): Partial<GeneratedPosition> {
  const value = range && parseRange(bytes, range);
  return typeof value === "object" && value !== null ? value : {};
}

function isFrom(position: GeneratedPosition, start: GeneratedPosition): boolean {
  return (
    position.line > start.line || (position.line === start.line && position.column >= start.column)
  );
}

function relativeTo(start: GeneratedPosition, position: GeneratedPosition): GeneratedPosition {
  const { line, column } = position;
  return { line: line - start.line, column: line === start.line ? column - start.column : column };
}

/** Returns the elements of an array at some indexes. */
function* pick(
  bytes: Buffer,
  range: JsonRange | undefined,
  indexes: ReadonlySet<number>,
): Interruptible<ReadonlyMap<number, JsonRange>> {
  const picked = new Map<number, JsonRange>();
  if (range === undefined || indexes.size === 0) return picked;
  const last = Math.max(...indexes);
  yield* scanArray(bytes, range, (element, index) => {
    if (indexes.has(index)) picked.set(index, element);
    return index >= last;
  });
  return picked;
}

/**
 * Finds the text of one source by its name.
 *
 * @returns undefined if the map has no such source, or no text of it.
 */
export function* contentOf(
  { bytes, folder }: SourceMapBytes,
  source: string,
): Interruptible<string | undefined> {
  const fields = yield* scanObject(bytes);
  const sources = fields.get("sources");
  if (sources === undefined) return undefined;
  const root = textIn(bytes, fields.get("sourceRoot")) ?? "";
  let found = -1;
  yield* scanArray(bytes, sources, (element, index) => {
    const name = textIn(bytes, element);
    if (name === undefined || !isSameSource(resolveSource(folder, root, name), source))
      return false;
    found = index;
    return true;
  });
  const contents = yield* pick(bytes, fields.get("sourcesContent"), new Set([found]));
  return contentIn(bytes, contents.get(found));
}

/** Compares names of sources. Node normalizes URLs of bundlers. */
function isSameSource(one: string, other: string): boolean {
  return one === other || (one.includes("://") && one.replace("/./", "/") === other);
}

/** Returns an absolute path, or a URL of a bundler as it is. */
export function resolveSource(folder: string, root: string, name: string): string {
  const separator = root === "" || root.endsWith("/") ? "" : "/";
  const path = isUrl(name) || isAbsolute(name) ? name : `${root}${separator}${name}`;
  if (path.startsWith("file:")) {
    try {
      return fileURLToPath(path);
    } catch {
      return path;
    }
  }
  return isUrl(path) ? path : resolve(folder, path);
}

function isUrl(name: string): boolean {
  return /^[a-z][a-z\d+.-]+:/i.test(name);
}

function textIn(bytes: Buffer, range: JsonRange | undefined): string | undefined {
  const value = range && parseRange(bytes, range);
  return typeof value === "string" ? value : undefined;
}

function contentIn(bytes: Buffer, range: JsonRange | undefined): string | undefined {
  if (range === undefined || range.end - range.start > MAX_CONTENT_BYTES) return undefined;
  return textIn(bytes, range);
}

/** Larger maps are not read. */
const MAX_MAP_BYTES = 64_000_000;

/** Loads the map of a generated file by the URL in its comment; undefined if there is none here. */
export function* loadMap(url: string, file: string): FileTask<SourceMapBytes | undefined> {
  if (url.startsWith("data:")) return inlineMap(url, file);
  const path = pathOf(url, file);
  if (path === undefined) return undefined;
  const content = yield { path, maxBytes: MAX_MAP_BYTES };
  return content && { bytes: withoutGuard(content.bytes), folder: dirname(path) };
}

function pathOf(url: string, file: string): string | undefined {
  try {
    if (url.startsWith("file:")) return fileURLToPath(url);
    return isUrl(url) ? undefined : resolve(dirname(file), decodeURI(url));
  } catch {
    return undefined;
  }
}

/** Removes a first line such as `)]}'`, which prevents that a browser runs the file. */
function withoutGuard(bytes: Buffer): Buffer {
  return bytes[0] === 0x29 ? bytes.subarray(bytes.indexOf("\n") + 1) : bytes;
}

/** Decodes a map in a `data:` URL; undefined if it has no JSON. */
function inlineMap(url: string, file: string): SourceMapBytes | undefined {
  const comma = url.indexOf(",");
  const header = url.slice(0, comma);
  if (comma === -1 || !header.startsWith("data:application/json")) return undefined;
  const data = url.slice(comma + 1);
  const bytes = header.endsWith(";base64") ? Buffer.from(data, "base64") : decodedBytes(data);
  return bytes && { bytes, folder: dirname(file) };
}

function decodedBytes(data: string): Buffer | undefined {
  try {
    return Buffer.from(decodeURIComponent(data));
  } catch {
    return undefined;
  }
}
