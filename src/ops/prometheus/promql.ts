/** One condition of a selector: `label operator "value"`. */
export type Matcher = readonly [label: string, operator: "=" | "!=" | "=~" | "!~", value: string];

/** Series of a metric. */
export interface SeriesSelector {
  readonly name: string;
  readonly matchers: readonly Matcher[];
}

/** Formats a selector of series: `name{label="value"}`. */
export function selector(name: string, matchers: readonly Matcher[]): string {
  if (matchers.length === 0) return name;
  return `${name}{${matchers.map(([label, operator, value]) => `${label}${operator}${quoteText(value)}`).join(",")}}`;
}

/** Returns a matcher for one of several texts. */
export function oneOf(label: string, texts: readonly string[]): Matcher {
  const [first = ""] = texts;
  return texts.length === 1 ? [label, "=", first] : [label, "=~", texts.map(escapeRegex).join("|")];
}

/** Escapes what has a meaning in a regular expression of RE2. */
export function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

/**
 * Returns a matcher for the upper limit of a bucket. Whole numbers are `1` or `1.0`,
 * depending on the version of Prometheus and on the path of the metric.
 */
export function bucketLimit(limit: number): Matcher {
  return Number.isInteger(limit) ? ["le", "=~", `${limit}|${limit}[.]0`] : ["le", "=", `${limit}`];
}

/** Formats a duration of whole seconds in its largest unit, such as `90m` or `2d`. */
export function formatDuration(seconds: number): string {
  const units = { d: 86_400, h: 3600, m: 60, s: 1 };
  const [unit, length] = Object.entries(units).find(([, length]) => seconds % length === 0) ?? [
    "s",
    1,
  ];
  return `${seconds / length}${unit}`;
}

/** PromQL has the escapes of Go, which contain those of JSON for texts without control characters. */
function quoteText(text: string): string {
  return JSON.stringify(text);
}
