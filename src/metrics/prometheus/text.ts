import type { Attributes } from "@opentelemetry/api";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { Exemplar, PageHistogram } from "../exemplars.ts";
import type { SummaryValue } from "../../export/summary-data.ts";
import { registryText } from "../registries/registry-text.ts";
import { escapeQuoted, quotedName, seriesText } from "./escaping.ts";
import { claimedNames, familiesOf, type MetricFamily } from "./families.ts";
import { NO_LABELS } from "./labels.ts";
import type { PageFormat } from "./negotiation.ts";
import type { PageOptions } from "./page-options.ts";
import { collectPoints, sampleCount, type SampleSource, SAMPLES_PER_PIECE } from "./points.ts";

/**
 * Renders the page (text format 0.0.4 or OpenMetrics 1.0), in pieces of some hundred
 * samples, so that the caller can yield to the app in between. A piece may be empty.
 */
export function* prometheusText(
  metrics: ResourceMetrics,
  options: PageOptions,
): IterableIterator<string> {
  const { style, config, onConflict } = options;
  const { list, conflicts } = familiesOf(metrics, options);
  for (const conflict of conflicts) onConflict(conflict);
  if (config.targetInfo) yield targetInfo(metrics.resource.attributes, options);
  for (const family of list) yield* familyText(family, options);
  yield* registryText(options.registryMetrics ?? [], {
    format: style.format,
    claimed: claimedNames(list),
    canonicalNumber,
    onConflict,
  });
  if (style.format === "openmetrics") yield "# EOF\n";
}

function* familyText(family: MetricFamily, options: PageOptions): IterableIterator<string> {
  yield familyHeader(family, options.style.format);
  const points = new Map<string, SampleSource>();
  for (const _ of collectPoints(family, options, points)) yield "";
  let piece = "";
  let samples = 0;
  for (const [labels, point] of points) {
    piece += samplesText(family, labels, point, options);
    samples += sampleCount(point.value);
    if (samples < SAMPLES_PER_PIECE) continue;
    yield piece;
    piece = "";
    samples = 0;
  }
  if (piece !== "") yield piece;
}

function familyHeader(family: MetricFamily, format: PageFormat): string {
  const open = format === "openmetrics";
  const name = quotedName(open ? family.name : family.sample);
  const help = family.help === "" ? "" : `# HELP ${name} ${escapeHelp(family.help, format)}\n`;
  const unit = open && family.unit !== "" ? `# UNIT ${name} ${family.unit}\n` : "";
  return `${help}# TYPE ${name} ${family.type}\n${unit}`;
}

/** Renders all resource attributes as labels of one sample, for joins. */
function targetInfo(resource: Attributes, { style, labels }: PageOptions): string {
  const [name, type] =
    style.format === "openmetrics" ? ["target", "info"] : ["target_info", "gauge"];
  return (
    `# HELP ${name} Target metadata\n# TYPE ${name} ${type}\n` +
    `${seriesText("target_info", labels.of(resource, NO_LABELS, false))} 1\n`
  );
}

function samplesText(
  family: MetricFamily,
  labels: string,
  { value, exemplar, createdAt }: SampleSource,
  { style, config }: PageOptions,
): string {
  const { name, sample, type } = family;
  const open = style.format === "openmetrics";
  // The classic format has no type for it: it would be a family of its own.
  const hasStart = open && config.created && type !== "gauge";
  const created = hasStart ? `${seriesText(`${name}_created`, labels)} ${createdAt}\n` : "";
  if (typeof value === "number") {
    const suffix = open ? exemplarText(exemplar) : "";
    return `${seriesText(sample, labels)} ${numberText(value)}${suffix}\n${created}`;
  }
  const text =
    "quantiles" in value
      ? summaryText(name, labels, value)
      : histogramText(name, labels, value, open);
  return text + created;
}

function summaryText(
  name: string,
  labels: string,
  { count, sum, quantiles }: SummaryValue,
): string {
  const before = labels === "" ? "" : `${labels},`;
  const lines = quantiles.map(({ quantile, value }) => {
    const all = `${before}quantile="${canonicalNumber(quantile)}"`;
    return `${seriesText(name, all)} ${numberText(value)}\n`;
  });
  const total = `${seriesText(`${name}_sum`, labels)} ${numberText(sum)}\n`;
  return `${lines.join("")}${total}${seriesText(`${name}_count`, labels)} ${count}\n`;
}

/** @param exemplars whether the format has exemplars. */
function histogramText(
  name: string,
  labels: string,
  value: PageHistogram,
  exemplars: boolean,
): string {
  const before = labels === "" ? 'le="' : `${labels},le="`;
  const start = seriesText(`${name}_bucket`, before).slice(0, -"}".length);
  const limits = limitsText(value.buckets.boundaries);
  let text = "";
  let cumulative = 0;
  for (let index = 0; index < value.buckets.counts.length; index += 1) {
    cumulative += value.buckets.counts[index]!;
    const exemplar = exemplars ? exemplarText(value.exemplars?.[index]) : "";
    text += `${start}${limits[index]}"} ${cumulative}${exemplar}\n`;
  }
  const sum =
    value.sum === undefined
      ? ""
      : `${seriesText(`${name}_sum`, labels)} ${numberText(value.sum)}\n`;
  return `${text}${sum}${seriesText(`${name}_count`, labels)} ${value.count}\n`;
}

function exemplarText(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return "";
  const { traceId, spanId, value, at } = exemplar;
  return ` # {trace_id="${traceId}",span_id="${spanId}"} ${numberText(value)} ${at / 1000}`;
}

/** Cached by boundaries: one array for all series of a histogram. */
const limitTexts = new WeakMap<readonly number[], readonly string[]>();

function limitsText(boundaries: readonly number[]): readonly string[] {
  let texts = limitTexts.get(boundaries);
  if (texts === undefined) {
    texts = [...boundaries.map(canonicalNumber), "+Inf"];
    limitTexts.set(boundaries, texts);
  }
  return texts;
}

function escapeHelp(text: string, format: PageFormat): string {
  return format === "openmetrics" ? escapeQuoted(text) : escapeQuoted(text).replaceAll('\\"', '"');
}

function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

/**
 * Formats a bucket's limit as OpenMetrics requires ("1.0", "1e+06"), in the classic
 * format too: Prometheus 3 rewrites `le="1"` to this form anyway, and a series must
 * not depend on the negotiated format.
 */
export function canonicalNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return `${value}.0`;
  if (Math.abs(value) >= 1e-4 && Math.abs(value) < 1e6) return String(value);
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
  const digits = exponent.replace(/^[+-]/, "").padStart(2, "0");
  return `${mantissa}e${exponent.startsWith("-") ? "-" : "+"}${digits}`;
}
