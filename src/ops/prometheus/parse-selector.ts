import type { Matcher, SeriesSelector } from "./promql.ts";

const NAME = /^\s{0,9}([A-Za-z_:][\w:]{0,199})\s{0,9}(?:\{([^]{0,5000})\}\s{0,9})?$/;
const MATCHER =
  /\s{0,9}([A-Za-z_]\w{0,99})\s{0,9}(=~|!~|!=|=)\s{0,9}("(?:[^"\\\n]|\\.){0,999}")\s{0,9}(?:,|$)/y;

/** What a selector has to be, for messages. */
export const SELECTOR_EXPECTED =
  'a metric with matchers of its labels, such as orders_total{result="failed"}';

/** Parses a selector of the series of one metric. Undefined: the text is none. */
export function parseSelector(text: string): SeriesSelector | undefined {
  const [, name, inner = ""] = NAME.exec(text) ?? [];
  if (name === undefined) return undefined;
  const matchers = parseMatchers(inner.trim());
  return matchers === undefined ? undefined : { name, matchers };
}

function parseMatchers(text: string): readonly Matcher[] | undefined {
  const matchers: Matcher[] = [];
  for (let at = 0; at < text.length; at = MATCHER.lastIndex) {
    MATCHER.lastIndex = at;
    const [, label = "", operator, quoted = ""] = MATCHER.exec(text) ?? [];
    const value = unquote(quoted);
    if (operator === undefined || value === undefined) return undefined;
    if (operator.includes("~") && !isRegex(value)) return undefined;
    matchers.push([label, operator as Matcher[1], value]);
  }
  return matchers;
}

/** Escapes of Go that JSON lacks are rare, and not accepted. */
function unquote(quoted: string): string | undefined {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return undefined;
  }
}

/** Flags at the start are RE2's only. */
function isRegex(text: string): boolean {
  try {
    return new RegExp(text.replace(/^\(\?[a-zA-Z]{1,5}\)/, "")) instanceof RegExp;
  } catch {
    return false;
  }
}
