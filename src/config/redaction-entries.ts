import type { PatternText, RedactionSetting } from "./config.ts";
import type { ReportIssue } from "./issue.ts";
import { formatMasked } from "./mask.ts";
import { fieldProblem, readPattern, splitEntries } from "./pattern-entries.ts";

const MAX_PATTERN_LENGTH = 1000;
const EXPECTED =
  "names or paths of fields, /regular expressions/, each with - for an exception, email, ip; or none alone";

/** Parses a list such as `nationalId,user.*,/EMP-\d+/i,-session_id,email`. An invalid entry is ignored. */
export function parseRedaction(text: string, report: ReportIssue): RedactionSetting | undefined {
  const entries = splitEntries(text);
  if (entries.every((entry) => entry.toLowerCase() === "none")) return { config: undefined };
  const additions = entries.filter((entry) => !entry.startsWith("-"));
  const exceptions = entries
    .filter((entry) => entry.startsWith("-"))
    .map((entry) => entry.slice(1));
  const parts = partsOf(
    additions.filter((entry) => !isClass(entry)),
    "",
    report,
  );
  const kept = partsOf(exceptions, "-", report);
  return {
    config: {
      fields: parts.fields,
      exceptions: kept.fields,
      patterns: parts.patterns,
      exceptionPatterns: kept.patterns,
      emailAddresses: additions.includes("email"),
      ipAddresses: additions.includes("ip"),
    },
  };
}

function isClass(entry: string): boolean {
  return entry === "email" || entry === "ip";
}

interface Parts {
  readonly fields: string[];
  readonly patterns: PatternText[];
}

/** @param sign of exceptions, for messages. */
function partsOf(entries: readonly string[], sign: string, report: ReportIssue): Parts {
  const parts: Parts = { fields: [], patterns: [] };
  for (const entry of entries) {
    const problem = addEntry(parts, entry);
    if (problem === undefined) continue;
    const expected = problem === "" ? EXPECTED : `${EXPECTED} (${problem})`;
    report({ received: formatMasked(sign + entry), expected, used: "the other entries" });
  }
  return parts;
}

/** Returns what is wrong with an entry; an empty text if it is of no form at all. */
function addEntry({ fields, patterns }: Parts, entry: string): string | undefined {
  if (!entry.startsWith("/")) {
    const problem = fieldProblem(entry);
    if (problem === undefined) fields.push(entry);
    return problem;
  }
  if (entry.length > MAX_PATTERN_LENGTH) return `at most ${MAX_PATTERN_LENGTH} characters`;
  const pattern = readPattern(entry);
  if (typeof pattern === "string") return pattern;
  patterns.push(pattern);
  return undefined;
}
