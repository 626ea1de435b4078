import type { MetricMergeRule, MetricMergeRuleName } from "../config.ts";
import type { ReportIssue } from "../issue.ts";
import { formatMasked } from "../mask.ts";
import { suggest } from "../suggest.ts";

const ruleNames: readonly MetricMergeRuleName[] = ["sum", "max", "min", "separate"];

/** The name of an instrument (specification, metrics/api.md), or the start of one before `*`. */
const PATTERN = /^(?:[A-Za-z][A-Za-z0-9_.\-/]{0,254}\*?|\*)$/;

/** Parses a list such as `queue.depth=sum,cache.*=max`. An invalid entry is ignored. */
export function parseMetricMergeRules(
  text: string,
  report: ReportIssue,
): readonly MetricMergeRule[] | undefined {
  const rules: MetricMergeRule[] = [];
  for (const entry of text.split(",").map((part) => part.trim())) {
    if (entry === "") continue;
    const rule = parseRule(entry, report);
    if (rule !== undefined) rules.push(rule);
  }
  return rules.length > 0 ? rules : undefined;
}

function parseRule(entry: string, report: ReportIssue): MetricMergeRule | undefined {
  const equals = entry.indexOf("=");
  const pattern = entry.slice(0, Math.max(equals, 0)).trim();
  const word = entry.slice(equals + 1).trim();
  const rule = ruleNames.find((name) => name === word.toLowerCase());
  if (PATTERN.test(pattern) && rule !== undefined) return { pattern, rule };
  report({
    received: formatMasked(entry),
    expected: `metric=rule with one of the rules ${ruleNames.join(", ")}`,
    suggestion: rule === undefined ? suggest(word.toLowerCase(), ruleNames) : undefined,
    used: "the other entries",
  });
  return undefined;
}
