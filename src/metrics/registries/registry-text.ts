import { claimFamilies, type ClaimOptions, type RegistryFamily } from "./registry-family.ts";
import {
  isShortExemplar,
  type RegistryExemplar,
  type RegistryMetric,
  type RegistrySample,
} from "./registry-metric.ts";

export interface RegistryTextOptions extends ClaimOptions {
  /** Formats the limit of a bucket and a quantile. */
  readonly canonicalNumber: (value: number) => string;
}

/** Samples per piece: a few tenths of a millisecond of work. */
const SAMPLES_PER_PIECE = 200;

/** Renders metrics of the app's registries, in pieces, so that the caller can yield to the app in between. */
export function* registryText(
  metrics: readonly RegistryMetric[],
  options: RegistryTextOptions,
): IterableIterator<string> {
  for (const [metric, family] of claimFamilies(metrics, options))
    yield* familyText(metric, family, options);
}

function* familyText(
  metric: RegistryMetric,
  { name: familyName, type }: RegistryFamily,
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
  type: RegistryFamily["type"],
  options: RegistryTextOptions,
): string {
  const isAllowed = type === "counter" || name.endsWith("_bucket");
  if (exemplar === undefined || !isAllowed || options.format === "classic") return "";
  return exemplarSuffix(exemplar, options);
}

function exemplarSuffix(exemplar: RegistryExemplar, options: RegistryTextOptions): string {
  if (!isShortExemplar(exemplar)) return "";
  const { labels, value, at } = exemplar;
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
