import type {
  RegistryExemplar,
  RegistryMetric,
  RegistryMetricType,
  RegistrySample,
} from "./registry-metric.ts";

export interface RegistryTextOptions {
  readonly format: "classic" | "openmetrics";
  /** The names of all samples of the page so far, and of families. */
  readonly claimed: Set<string>;
  /** Formats the limit of a bucket and a quantile. */
  readonly canonicalNumber: (value: number) => string;
  /** Called for each metric that is left out. */
  readonly onConflict: (conflict: { readonly name: string; readonly reason: string }) => void;
}

/** The suffixes of a family's sample names, which no other family may use. */
const suffixes: Readonly<Record<RegistryMetricType | "unknown", readonly string[]>> = {
  counter: ["", "_total", "_created"],
  gauge: [""],
  histogram: ["", "_bucket", "_count", "_sum", "_created"],
  summary: ["", "_count", "_sum", "_created"],
  unknown: [""],
};

/** Samples per piece: a few tenths of a millisecond of work. */
const SAMPLES_PER_PIECE = 200;

/** Renders metrics of the app's registries, in pieces, so that the caller can yield to the app in between. */
export function* registryText(
  metrics: readonly RegistryMetric[],
  options: RegistryTextOptions,
): IterableIterator<string> {
  for (const metric of metrics) {
    const family = familyOf(metric, options.format);
    const names = suffixes[family.type].map((suffix) => family.name + suffix);
    const conflicting = names.find((name) => options.claimed.has(name));
    if (conflicting !== undefined) {
      const reason = `the name ${conflicting} is already used by another metric`;
      options.onConflict({ name: metric.name, reason });
      continue;
    }
    for (const name of names) options.claimed.add(name);
    yield* familyText(metric, family, options);
  }
}

interface Family {
  readonly name: string;
  readonly type: RegistryMetricType | "unknown";
}

/**
 * Returns the family, of which the names of the samples stay as the app gave them: a counter
 * without `_total` has no type in OpenMetrics.
 */
function familyOf({ name, type }: RegistryMetric, format: RegistryTextOptions["format"]): Family {
  if (type !== "counter") return { name, type };
  if (name.endsWith("_total")) return { name: name.slice(0, -"_total".length), type };
  return { name, type: format === "openmetrics" ? "unknown" : "counter" };
}

function* familyText(
  metric: RegistryMetric,
  { name: familyName, type }: Family,
  options: RegistryTextOptions,
): IterableIterator<string> {
  const name = options.format === "openmetrics" ? familyName : metric.name;
  const help = metric.help === "" ? "" : `# HELP ${name} ${helpText(metric.help, options)}\n`;
  const written = new Set<string>();
  let piece = `${help}# TYPE ${name} ${type}\n`;
  let count = 0;
  for (const sample of metric.samples) {
    const series = seriesText(sample, options);
    // A page with a sample twice is rejected as a whole.
    if (written.has(series)) continue;
    written.add(series);
    piece += `${series} ${numberText(sample.value)}${exemplarText(sample, type, options)}\n`;
    if ((count += 1) % SAMPLES_PER_PIECE > 0) continue;
    yield piece;
    piece = "";
  }
  yield piece;
}

function seriesText({ name, labels }: RegistrySample, options: RegistryTextOptions): string {
  const text = labelsText(labels, options);
  return text === "" ? name : `${name}{${text}}`;
}

function labelsText(labels: RegistrySample["labels"], options: RegistryTextOptions): string {
  return labels
    .map(([name, value]) => {
      const isLimit = name === "le" || name === "quantile";
      const text =
        typeof value === "number" && isLimit ? options.canonicalNumber(value) : String(value);
      return `${name}="${escapeText(text)}"`;
    })
    .join(",");
}

/** Returns an exemplar, which OpenMetrics allows for counters and buckets. */
function exemplarText(
  { name, exemplar }: RegistrySample,
  type: Family["type"],
  options: RegistryTextOptions,
): string {
  const isAllowed = type === "counter" || name.endsWith("_bucket");
  if (exemplar === undefined || !isAllowed || options.format === "classic") return "";
  return exemplarSuffix(exemplar, options);
}

/** The specification's limit of the labels of an exemplar, in characters. */
const MAX_EXEMPLAR_LENGTH = 128;

function exemplarSuffix(
  { labels, value, at }: RegistryExemplar,
  options: RegistryTextOptions,
): string {
  if (labels.flat().join("").length > MAX_EXEMPLAR_LENGTH) return "";
  const time = at === undefined ? "" : ` ${at}`;
  return ` # {${labelsText(labels, options)}} ${numberText(value)}${time}`;
}

function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

function helpText(help: string, { format }: RegistryTextOptions): string {
  return format === "openmetrics" ? escapeText(help) : escapeText(help).replaceAll('\\"', '"');
}

function escapeText(value: string): string {
  return value.replace(/[\\"\n]/g, (match) => (match === "\n" ? "\\n" : `\\${match}`));
}
