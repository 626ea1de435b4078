import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync } from "node:fs";
import { extname, sep } from "node:path";
import type { SourceExcerpt, SourcePlace } from "../../model.ts";

/** Telemetry chooses the file: only source code is shown, and no `.env` or key. */
const SOURCE_EXTENSIONS: ReadonlySet<string> = new Set([
  ...[".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"],
  ...[".vue", ".svelte", ".astro", ".mdx", ".coffee"],
]);

const MAX_FILE_BYTES = 2 * 1024 * 1024;
/** So that a pipe of that name does not block. Windows has none. */
const NON_BLOCKING = constants.O_NONBLOCK ?? 0;

const MAX_LINE = 300;
const LINES_BEFORE = 5;
const LINES_AFTER = 5;

/**
 * Reads the lines around a place in a source file of the project. Links that lead out of
 * the project are not followed.
 *
 * @returns undefined if the file is not there, not inside, no source code or too large
 */
export function sourceExcerpt(
  place: SourcePlace,
  projectFolder: string,
): SourceExcerpt | undefined {
  const text = readSource(place.file, projectFolder);
  if (text === undefined) return undefined;
  const all = text.split("\n");
  if (!(place.line >= 1 && place.line <= all.length)) return undefined;
  const firstLine = Math.max(1, place.line - LINES_BEFORE);
  const lines = all
    .slice(firstLine - 1, place.line + LINES_AFTER)
    .map((line) => line.replace(/\r$/, "").slice(0, MAX_LINE));
  return { place, firstLine, lines };
}

function readSource(file: string, projectFolder: string): string | undefined {
  if (projectFolder === "" || !SOURCE_EXTENSIONS.has(extname(file))) return undefined;
  try {
    const path = realpathSync(file);
    const folder = realpathSync(projectFolder);
    if (!path.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return undefined;
    if (!SOURCE_EXTENSIONS.has(extname(path))) return undefined;
    return readBounded(path);
  } catch {
    return undefined;
  }
}

function readBounded(path: string): string | undefined {
  const descriptor = openSync(path, constants.O_RDONLY | NON_BLOCKING);
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile() || status.size > MAX_FILE_BYTES) return undefined;
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}
