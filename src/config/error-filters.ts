import type { ErrorPattern, ModuleReference } from "./config.ts";
import type { ReportIssue } from "./issue.ts";
import { formatMasked } from "./mask.ts";

const EXAMPLE = "/^connect ECONN/i";

/**
 * Parses a comma-separated list of texts and `/regular expressions/flags`, which may
 * contain commas. Malformed ones are reported and left out; the syntax of a regular
 * expression is checked where it is compiled, since its engine is not loaded at start.
 */
export function parseErrorPatterns(
  list: string,
  report: ReportIssue,
): readonly ErrorPattern[] | undefined {
  const patterns = splitEntries(list)
    .map((entry) => parseEntry(entry, report))
    .filter((pattern) => pattern !== undefined);
  return patterns.length > 0 ? patterns : undefined;
}

/** Splits at the commas outside of regular expressions. */
function splitEntries(list: string): string[] {
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
  const slash = list[first] === "/" ? closingSlash(list, first + 1) : undefined;
  const comma = list.indexOf(",", slash ?? first);
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

function parseEntry(entry: string, report: ReportIssue): ErrorPattern | undefined {
  if (!entry.startsWith("/")) return { kind: "text", text: entry };
  const end = entry.lastIndexOf("/");
  const flags = entry.slice(end + 1);
  const source = entry.slice(1, end);
  const problem = problemOf(source, flags, end);
  if (problem === undefined) return { kind: "expression", source, flags };
  report({
    received: formatMasked(entry),
    expected: `a text, or a regular expression like ${EXAMPLE} (${problem})`,
    used: "the other entries",
  });
  return undefined;
}

function problemOf(source: string, flags: string, end: number): string | undefined {
  if (end === 0) return "the slash at the end is missing";
  if (source === "") return "it is empty";
  return /^[imsu]*$/.test(flags) ? undefined : "its flags may be i, m, s, u";
}

/** Parses a comma-separated list of routes, in which `*` is any text. */
export function parseRoutePatterns(
  list: string,
  report: ReportIssue,
): readonly string[] | undefined {
  const entries = list.split(",").map((entry) => entry.trim());
  const routes = entries.filter((entry) => entry !== "" && !isEverything(entry, report));
  return routes.length > 0 ? routes : undefined;
}

/** Whether an entry has no text of its own, and would ignore all errors. */
function isEverything(entry: string, report: ReportIssue): boolean {
  if (/[^*\s]/.test(entry)) return false;
  report({
    received: formatMasked(entry),
    expected: "a route like GET /health or /internal/*",
    used: "the other entries",
  });
  return true;
}

/** Parses the name or the path of a module, which is loaded later, when the app may have changed the folder. */
export function parseModuleReference(specifier: string): ModuleReference {
  return { specifier, folder: workingDirectory() };
}

function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    // It was deleted.
    return "/";
  }
}
