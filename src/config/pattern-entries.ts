import type { PatternText } from "./config.ts";

/** Splits a list at the commas outside of `/regular expressions/flags`. */
export function splitEntries(list: string): string[] {
  const entries: string[] = [];
  for (let start = 0; start < list.length;) {
    const end = endOfEntry(list, start);
    entries.push(list.slice(start, end).trim());
    start = end + 1;
  }
  return entries.filter((entry) => entry !== "");
}

/** Returns the index of the comma that ends an entry, or that of the end. */
function endOfEntry(list: string, start: number): number {
  const first = start + list.slice(start).search(/\S|$/);
  const slash = list[first] === "-" ? first + 1 : first;
  const closing = list[slash] === "/" ? closingSlash(list, slash + 1) : undefined;
  const comma = list.indexOf(",", closing ?? first);
  return comma === -1 ? list.length : comma;
}

/** Returns the index of the first slash that is not escaped, and that only flags follow. */
function closingSlash(list: string, start: number): number | undefined {
  for (let at = start; at < list.length; at++) {
    if (list[at] === "\\") at++;
    else if (list[at] === "/" && /^[a-z]*\s*(?:,|$)/.test(list.slice(at + 1, at + 20))) return at;
  }
  return undefined;
}

/**
 * Reads `/source/flags`. The syntax of the source is checked where it is compiled, since
 * its engine is not loaded at start.
 *
 * @returns what is wrong, or the two parts.
 */
export function readPattern(entry: string): PatternText | string {
  const end = entry.lastIndexOf("/");
  const flags = entry.slice(end + 1);
  const source = entry.slice(1, end);
  if (end === 0) return "the slash at the end is missing";
  if (source === "") return "it is empty";
  return /^[imsu]*$/.test(flags) ? { source, flags } : "its flags may be i, m, s, u";
}

/** Words between dots, in which `*` is any text; `[*]` are the values of a list. */
const FIELD = /^[\p{L}\p{N}_$*-]+(?:\[\*\])*(?:\.[\p{L}\p{N}_$*-]+(?:\[\*\])*)*$/u;
const MAX_FIELD_LENGTH = 128;

/** Returns what is wrong with the name or the path of a field; an empty text if it has no form of one. */
export function fieldProblem(field: string): string | undefined {
  if (field.length > MAX_FIELD_LENGTH) return `at most ${MAX_FIELD_LENGTH} characters`;
  if (!FIELD.test(field) || field.toLowerCase() === "none") return "";
  return /[^*.[\]-]/.test(field) ? undefined : "it would be every field";
}
