import assert from "node:assert/strict";

/** One sample of a page. */
export interface ExpositionSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ExpositionPage {
  /** Family name -> type, in the order of the page. */
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly ExpositionSample[];
}

/**
 * Parses a page strictly by its format, and fails on anything that a scraper would
 * reject or misread: a duplicate sample or label, a family in two places, a wrong
 * suffix, buckets that don't add up.
 *
 * https://github.com/prometheus/docs/blob/main/docs/instrumenting/exposition_formats.md
 */
export function parsePage(
  text: string,
  format: "classic" | "openmetrics" = "classic",
): ExpositionPage {
  assert.ok(text.endsWith("\n"), "a page ends with a line feed");
  const lines = text.slice(0, -1).split("\n");
  if (format === "openmetrics") assert.equal(lines.pop(), "# EOF");
  const types = new Map<string, string>();
  const samples: ExpositionSample[] = [];
  const seen = new Set<string>();
  let family = "";
  for (const line of lines) {
    if (line.startsWith("# ")) {
      family = readMetadata(line, types, family);
      continue;
    }
    const sample = readSample(line);
    assert.ok(
      belongsToFamily(sample.name, family, types.get(family), format),
      `${line} in family ${family}`,
    );
    const key = sample.name + JSON.stringify(sortedEntries(sample.labels));
    assert.ok(!seen.has(key), `twice: ${line}`);
    seen.add(key);
    samples.push(sample);
  }
  checkHistograms(types, samples);
  return { types, samples };
}

/** The samples of one name. */
export function samplesOf(page: ExpositionPage, name: string): ExpositionSample[] {
  return page.samples.filter((sample) => sample.name === name);
}

function readMetadata(line: string, types: Map<string, string>, family: string): string {
  const match =
    /^# (HELP|TYPE|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*|"(?:[^"\\\n]|\\[\\"n])*") (.*)$/s.exec(line);
  assert.ok(match, `metadata: ${line}`);
  const [, keyword, quoted = "", rest = ""] = match;
  const name = unquote(quoted);
  if (keyword === "TYPE") {
    assert.ok(!types.has(name), `two types: ${line}`);
    types.set(name, rest);
  } else if (keyword === "UNIT") {
    assert.ok(name.endsWith(`_${rest}`), line);
  } else {
    assert.ok(name === family || !types.has(name), `a family in two places: ${line}`);
  }
  return name;
}

function readSample(line: string): ExpositionSample {
  const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)?(?:\{(.*)\})? (\S+)$/s.exec(withoutExemplar(line));
  assert.ok(match, `sample: ${line}`);
  const [, plain, inBraces = "", value = ""] = match;
  const [name, labels] = plain === undefined ? readQuotedName(inBraces) : [plain, inBraces];
  assert.match(value, /^([+-]Inf|NaN|[+-]?[0-9.]+(e[+-]?[0-9]+)?)$/, line);
  return { name, labels: readLabels(labels), value: Number(value.replace("Inf", "Infinity")) };
}

/** Splits the name that stands inside the braces, as one in UTF-8 does, from the labels. */
function readQuotedName(inBraces: string): [name: string, labels: string] {
  const match = /^("(?:[^"\\\n]|\\[\\"n])*")(?:,(.+))?$/s.exec(inBraces);
  assert.ok(match, `name: ${inBraces}`);
  return [unquote(match[1]!), match[2] ?? ""];
}

/** Removes an exemplar: ids, value and time. */
function withoutExemplar(line: string): string {
  return line.replace(/ # \{trace_id="[0-9a-f]{32}",span_id="[0-9a-f]{16}"\} \S+ [\d.]+$/, "");
}

function unquote(name: string): string {
  if (!name.startsWith('"')) return name;
  const text = unescapeText(name.slice(1, -1));
  assert.doesNotMatch(text, /^[a-zA-Z_:][a-zA-Z0-9_:]*$/, "quotes only where they are needed");
  return text;
}

function unescapeText(text: string): string {
  return text.replace(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = Object.create(null) as Record<string, string>;
  let rest = text;
  while (rest !== "") {
    const match =
      /^([a-zA-Z_][a-zA-Z0-9_]*|"(?:[^"\\\n]|\\[\\"n])*")="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/s.exec(
        rest,
      );
    assert.ok(match, `labels: ${rest}`);
    const [all, quoted = "", value = ""] = match;
    const name = unquote(quoted);
    assert.ok(!(name in labels), `label twice: ${text}`);
    assert.ok(!name.startsWith("__"), `reserved label: ${text}`);
    labels[name] = unescapeText(value);
    rest = rest.slice(all.length);
    assert.ok(rest !== "" || !all.endsWith(","), `comma at the end: ${text}`);
  }
  return labels;
}

function belongsToFamily(
  name: string,
  family: string,
  type: string | undefined,
  format: "classic" | "openmetrics",
): boolean {
  const isStart = format === "openmetrics" && name === `${family}_created`;
  if (isStart && (type === "histogram" || type === "summary" || type === "counter")) return true;
  if (type === "summary") return ["", "_sum", "_count"].some((suffix) => name === family + suffix);
  if (type === "histogram") {
    return ["_bucket", "_sum", "_count"].some((suffix) => name === family + suffix);
  }
  if (format === "classic") return name === family;
  if (type === "counter") return name === `${family}_total`;
  return name === (type === "info" ? `${family}_info` : family);
}

function checkHistograms(
  types: ReadonlyMap<string, string>,
  samples: readonly ExpositionSample[],
): void {
  const buckets = new Map<string, ExpositionSample[]>();
  const counts = new Map<string, number>();
  for (const sample of samples) {
    const family = sample.name.replace(/_(bucket|count)$/, "");
    if (types.get(family) !== "histogram") continue;
    const { le, ...labels } = sample.labels;
    const key = family + JSON.stringify(labels);
    if (sample.name.endsWith("_count")) counts.set(key, sample.value);
    if (le === undefined || !sample.name.endsWith("_bucket")) continue;
    buckets.set(key, [...(buckets.get(key) ?? []), sample]);
  }
  for (const [key, rows] of buckets) checkBuckets(key, rows, counts.get(key));
}

function checkBuckets(
  key: string,
  rows: readonly ExpositionSample[],
  count: number | undefined,
): void {
  const limits = rows.map(({ labels }) => Number((labels["le"] ?? "").replace("Inf", "Infinity")));
  const values = rows.map(({ value }) => value);
  assert.deepEqual(
    limits,
    limits.toSorted((a, b) => a - b),
    `limits of ${key}`,
  );
  assert.deepEqual(
    values,
    values.toSorted((a, b) => a - b),
    `buckets of ${key}`,
  );
  assert.equal(limits.at(-1), Infinity, `last bucket of ${key}`);
  assert.equal(values.at(-1), count, `count of ${key}`);
}

function sortedEntries(labels: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
