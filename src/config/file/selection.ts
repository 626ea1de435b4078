import type { AttributeFilter, ScopeRules, ScopeSettings } from "../config.ts";

/** Whether a filter selects a name. What is excluded is so even if it is included too. */
export function selects(
  { included, excluded = [] }: Partial<AttributeFilter>,
  name: string,
): boolean {
  const isMatch = (pattern: string): boolean => matchesWildcard(pattern, name);
  return (included === undefined || included.some(isMatch)) && !excluded.some(isMatch);
}

/** Returns the settings of a tracer, meter or logger: those of the first rule for its name. */
export function settingsFor({ rules, others }: ScopeRules, name: string): ScopeSettings {
  return rules.find((rule) => matchesWildcard(rule.name, name))?.settings ?? others;
}

/**
 * Checks a text against a pattern, in which `*` is any text and `?` any character. Time is
 * at most the product of the two lengths.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let retryAt = 0;
  for (let position = 0; position < text.length;) {
    const expected = pattern[at];
    if (expected === "*") {
      star = at++;
      retryAt = position;
    } else if (expected === "?" || expected === text[position]) {
      at++;
      position++;
    } else if (star >= 0) {
      at = star + 1;
      position = ++retryAt;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}
