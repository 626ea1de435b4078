import { relative, isAbsolute, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { SourcePlace } from "../../model.ts";

const MAX_LINES = 100;
const MAX_LINE = 2000;

/** Parses the frames of a V8 stack, innermost first; those of Node itself are left out. */
export function framesOf(stack: string, projectFolder: string): SourcePlace[] {
  return stack
    .split("\n", MAX_LINES)
    .flatMap((line) => frameOf(line, projectFolder) ?? [])
    .filter(({ file }) => !file.startsWith("node:"));
}

/** Returns the first frame of the app: outside of `node_modules` and of Node. */
export function appFrame(frames: readonly SourcePlace[]): SourcePlace | undefined {
  return frames.find(({ file }) => isAppFile(file));
}

function isAppFile(file: string): boolean {
  return !file.startsWith("node:") && !/[\\/]node_modules[\\/]/.test(file);
}

/** Forms: `at name (file:line:column)`, `at async name (…)`, `at file:line:column`. */
function frameOf(line: string, projectFolder: string): SourcePlace | undefined {
  const text = line.trim();
  if (!text.startsWith("at ") || text.length > MAX_LINE) return undefined;
  const open = text.endsWith(")") ? text.lastIndexOf(" (") : -1;
  const location = open === -1 ? text.slice(3) : text.slice(open + 2, -1);
  const name = open === -1 ? "" : text.slice(3, open).replace(/^async /, "");
  const at = /^(.*):(\d{1,9}):(\d{1,9})$/.exec(location.replace(/^async /, ""));
  const [, file = "", lineNumber, column] = at ?? [];
  // The place in a text that was evaluated is in no file.
  if (file === "" || file.endsWith("<anonymous>")) return undefined;
  const place = placeIn(file, Number(lineNumber), projectFolder);
  return {
    ...{ ...place, column: Number(column) },
    ...(name !== "" && { function: name }),
  };
}

/** Returns a place with the path that is shown. */
export function placeIn(file: string, line: number, projectFolder: string): SourcePlace {
  const path = pathOf(file);
  return { file: path, line, shown: shownPath(path, projectFolder) };
}

/** Returns the path relative to the project, if the file is inside. */
function shownPath(path: string, projectFolder: string): string {
  if (!isAbsolute(path) || projectFolder === "") return path;
  const inside = relative(projectFolder, path);
  return inside.startsWith(`..${sep}`) || inside === ".." || isAbsolute(inside) ? path : inside;
}

function pathOf(file: string): string {
  if (!file.startsWith("file:")) return file;
  try {
    return fileURLToPath(file);
  } catch {
    return file;
  }
}
