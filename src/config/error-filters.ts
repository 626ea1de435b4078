import type { ErrorPattern, ModuleReference } from "./config.ts";
import type { ReportIssue } from "./issue.ts";
import { formatMasked } from "./mask.ts";
import { readPattern, splitEntries } from "./pattern-entries.ts";

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

function parseEntry(entry: string, report: ReportIssue): ErrorPattern | undefined {
  if (!entry.startsWith("/")) return { kind: "text", text: entry };
  const pattern = readPattern(entry);
  if (typeof pattern !== "string") return { kind: "expression", ...pattern };
  report({
    received: formatMasked(entry),
    expected: `a text, or a regular expression like ${EXAMPLE} (${pattern})`,
    used: "the other entries",
  });
  return undefined;
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
