import type { Matcher } from "../../prometheus/promql.ts";
import type { Pairs } from "../../prometheus/rule-file.ts";

/** More combinations of values are not tried. */
const MAX_COMBINATIONS = 20_000;

/**
 * Finds labels of a series that a selector matches, and another one does not.
 *
 * @param excluded the matchers of the other one. Undefined: there is none.
 * @returns undefined if none are found.
 */
export function exampleLabels(
  matchers: readonly Matcher[],
  excluded?: readonly Matcher[],
): Pairs | undefined {
  const all = [...matchers, ...(excluded ?? [])];
  const labels = [...new Set(all.map(([label]) => label))];
  let combinations: Pairs[] = [{}];
  for (const label of labels) {
    const values = candidates(all.filter((matcher) => matcher[0] === label));
    combinations = combinations.flatMap((pairs) =>
      values.map((value) => (value === "" ? pairs : { ...pairs, [label]: value })),
    );
    if (combinations.length > MAX_COMBINATIONS) return undefined;
  }
  return combinations.find(
    (pairs) => matches(pairs, matchers) && (excluded === undefined || !matches(pairs, excluded)),
  );
}

function matches(labels: Pairs, matchers: readonly Matcher[]): boolean {
  return matchers.every(([label, operator, text]) => {
    const value = labels[label] ?? "";
    if (operator === "=") return value === text;
    if (operator === "!=") return value !== text;
    const isMatch = new RegExp(`^(?:${text})$`).test(value);
    return operator === "=~" ? isMatch : !isMatch;
  });
}

/** Values that may or may not match. */
function candidates(matchers: readonly Matcher[]): readonly string[] {
  const named = matchers.flatMap(([, operator, text]) =>
    operator.includes("~") ? text.split("|").map(matchingText) : [text],
  );
  return [...new Set([...named, "other", "200", ""])];
}

/** Replaces what is common in regular expressions of labels. The result may not match. */
function matchingText(pattern: string): string {
  return pattern
    .replaceAll(/\\d|\[0-9\]/g, "0")
    .replaceAll(/\[(.)[^\]]{0,99}\]/g, "$1")
    .replaceAll(/\\(.)/g, "$1")
    .replaceAll(/[()^$?]/g, "")
    .replaceAll(/\.[*+]/g, "x")
    .replaceAll(/(.)[*+]/g, "$1")
    .replaceAll(/(\d)\.\./g, "$100");
}
