import type { TextRule } from "../../../yaml/text-rules.ts";
import type { WindowQuery } from "../objective.ts";

/** The place of the window in a query. */
const WINDOW = /\{\{\s*\.window\s*\}\}/g;

export const QUERY: TextRule = {
  pattern: /\{\{\s*\.window\s*\}\}/,
  expected: "PromQL with {{.window}}",
};

/** Returns the query for each window. */
export function windowQuery(query: string): WindowQuery {
  const text = withoutControlCharacters(query);
  return (window) => text.replaceAll(WINDOW, window);
}

/** Control characters would end the text in the file of rules. */
export function withoutControlCharacters(query: string): string {
  return query.trim().replaceAll(/(?!\n)[\p{Cc}\p{Zl}\p{Zp}]/gu, " ");
}

const RATE = /\brate\s?\(/;
const INCREASE = /\bincrease\s?\(/;

/** Returns the function by which a query counts. Undefined: none of the two, or both. */
export function functionOf(query: string): "rate" | "increase" | undefined {
  if (RATE.test(query) === INCREASE.test(query)) return undefined;
  return RATE.test(query) ? "rate" : "increase";
}

/** A range of a fixed length, such as `[5m]`. */
const RANGE = /\[\s{0,9}(?:\d{1,9}(?:ms|[smhdwy])){1,7}\s{0,9}\]/g;

/**
 * Returns the query for each window, which is the place `{{.window}}` or each range of a
 * fixed length. Undefined: there is none of them.
 */
export function withWindow(query: string): WindowQuery | undefined {
  if (QUERY.pattern.test(query)) return windowQuery(query);
  const withPlaces = query.replaceAll(RANGE, "[{{.window}}]");
  return withPlaces === query ? undefined : windowQuery(withPlaces);
}
