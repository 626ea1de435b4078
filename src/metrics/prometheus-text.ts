import type { Attributes, AttributeValue } from "@opentelemetry/api";
import type { Histogram, ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { attributeText } from "./attributes.ts";
import type { Exemplar, HistogramWithExemplars, PointWithExemplar } from "./exemplars.ts";
import { addHistograms } from "./histogram-sum.ts";
import { HISTOGRAM } from "./reader-state.ts";
import {
  type NameConflict,
  familiesOf,
  type MetricFamily,
  type HistogramPoint,
  type NumberPoint,
} from "./prometheus-families.ts";
import { labelName } from "./prometheus-name.ts";

export type TextFormat = "classic" | "openmetrics";

export interface PrometheusTextOptions {
  readonly format: TextFormat;
  /** The scope whose samples carry no scope labels. */
  readonly ownScope: string;
  /** Called for each metric that is left out. */
  readonly onConflict: (conflict: NameConflict) => void;
}

/**
 * Renders the page (text format 0.0.4 or OpenMetrics 1.0), in pieces of a family
 * or some hundred samples, so that the caller can yield to the app in between.
 */
export function* prometheusText(
  metrics: ResourceMetrics,
  options: PrometheusTextOptions,
): IterableIterator<string> {
  const { list, conflicts } = familiesOf(metrics, options.ownScope);
  for (const conflict of conflicts) options.onConflict(conflict);
  yield targetInfo(metrics.resource.attributes, options.format);
  for (const family of list) yield* familyText(family, options.format);
  if (options.format === "openmetrics") yield "# EOF\n";
}

/** Samples per piece: a few tenths of a millisecond of work. */
const SAMPLES_PER_CHUNK = 200;

function* familyText(family: MetricFamily, format: TextFormat): IterableIterator<string> {
  yield familyHeader(family, format);
  const { values, exemplars } = pointsOf(family);
  let chunk = "";
  let samples = 0;
  for (const [labels, value] of values) {
    chunk += sampleText(family, labels, value, format, exemplars.get(labels));
    samples += typeof value === "number" ? 1 : value.buckets.counts.length;
    if (samples < SAMPLES_PER_CHUNK) continue;
    yield chunk;
    chunk = "";
    samples = 0;
  }
  if (chunk !== "") yield chunk;
}

function familyHeader(family: MetricFamily, format: TextFormat): string {
  const open = format === "openmetrics";
  const name = !open && family.type === "counter" ? `${family.name}_total` : family.name;
  const help = family.help === "" ? "" : `# HELP ${name} ${escapeHelp(family.help, format)}\n`;
  const unit = open && family.unit !== "" ? `# UNIT ${name} ${family.unit}\n` : "";
  return `${help}# TYPE ${name} ${family.type}\n${unit}`;
}

/** Renders all resource attributes as labels of one sample, for joins. */
function targetInfo(resource: Attributes, format: TextFormat): string {
  const [name, type] = format === "openmetrics" ? ["target", "info"] : ["target_info", "gauge"];
  return (
    `# HELP ${name} Target metadata\n# TYPE ${name} ${type}\n` +
    `target_info${braced(labelsText(resource, {}, false))} 1\n`
  );
}

/**
 * Groups the points of a family by their labels. Different attributes can result
 * in the same labels (`a.b`, `a_b`); such points are merged, since Prometheus
 * rejects a whole page with a duplicate sample.
 */
function pointsOf(family: MetricFamily): PointsByLabels {
  const points: PointsByLabels = { values: new Map(), exemplars: new Map() };
  for (const { metric, scope } of family.metrics) {
    const histogram = metric.dataPointType === HISTOGRAM;
    for (const point of metric.dataPoints as (NumberPoint | HistogramPoint)[]) {
      const labels = labelsText(point.attributes, scope, histogram);
      const existing = points.values.get(labels);
      const value = existing === undefined ? point.value : merge(family, existing, point.value);
      points.values.set(labels, value);
      const { exemplar } = point as PointWithExemplar;
      if (exemplar !== undefined) points.exemplars.set(labels, exemplar);
    }
  }
  return points;
}

/** Values and exemplars by labels. */
interface PointsByLabels {
  readonly values: Map<string, number | Histogram>;
  /** The exemplars of counters. */
  readonly exemplars: Map<string, Exemplar>;
}

/** Adds counters and histograms; keeps the first of two gauges, and of histograms with different boundaries. */
function merge(
  family: MetricFamily,
  a: number | Histogram,
  b: number | Histogram,
): number | Histogram {
  if (typeof a === "number" || typeof b === "number") {
    return family.type === "counter" ? Number(a) + Number(b) : a;
  }
  return addHistograms(a, b) ?? a;
}

function sampleText(
  family: MetricFamily,
  labels: string,
  value: number | HistogramWithExemplars,
  format: TextFormat,
  exemplar: Exemplar | undefined,
): string {
  if (typeof value === "number") {
    const name = family.type === "counter" ? `${family.name}_total` : family.name;
    const exemplarSuffix = format === "openmetrics" ? exemplarText(exemplar) : "";
    return `${name}${braced(labels)} ${numberText(value)}${exemplarSuffix}\n`;
  }
  return histogramText(family.name, labels, value, format);
}

function histogramText(
  name: string,
  labels: string,
  value: HistogramWithExemplars,
  format: TextFormat,
): string {
  // The classic format has no exemplars.
  const exemplars = format === "openmetrics" ? value.exemplars : undefined;
  const before = `${name}_bucket{${labels}${labels === "" ? "" : ","}le="`;
  const limits = limitsText(value.buckets.boundaries);
  let text = "";
  let cumulative = 0;
  for (let index = 0; index < value.buckets.counts.length; index += 1) {
    cumulative += value.buckets.counts[index]!;
    text += `${before}${limits[index]}"} ${cumulative}${exemplarText(exemplars?.[index])}\n`;
  }
  const sum =
    value.sum === undefined ? "" : `${name}_sum${braced(labels)} ${numberText(value.sum)}\n`;
  return `${text}${sum}${name}_count${braced(labels)} ${value.count}\n`;
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

function labelsText(attributes: Attributes, scope: Attributes, histogram: boolean): string {
  const own = cachedLabels(attributes, histogram);
  const scopeText = cachedLabels(scope, false);
  if (scopeText === "") return own;
  // An attribute with the name of a scope label is joined to it: duplicate labels are an error.
  if (own.includes("otel_scope_")) {
    return writeLabels([...Object.entries(scope), ...Object.entries(attributes)], histogram);
  }
  return own === "" ? scopeText : `${own},${scopeText}`;
}

/** Cached by attributes, which are frozen and the same for the life of a series. */
const labelTexts = [new WeakMap<Attributes, string>(), new WeakMap<Attributes, string>()] as const;

function cachedLabels(attributes: Attributes, histogram: boolean): string {
  const texts = labelTexts[histogram ? 1 : 0];
  let text = texts.get(attributes);
  if (text === undefined) {
    text = writeLabels(Object.entries(attributes), histogram);
    if (Object.isFrozen(attributes)) texts.set(attributes, text);
  }
  return text;
}

/**
 * Renders labels. Keys with the same label name share one label, their values
 * joined by ";" in the order of the keys (specification). `le` is reserved for
 * histograms.
 */
function writeLabels(
  attributes: readonly (readonly [string, AttributeValue])[],
  histogram: boolean,
): string {
  const labels = new Map<string, string>();
  for (const [key, attributeValue] of attributes.toSorted(([a], [b]) =>
    a < b ? -1 : Number(a > b),
  )) {
    const name = labelName(key);
    const free = histogram && name === "le" ? "exported_le" : name;
    const value = attributeText(attributeValue);
    // Prometheus treats an empty label as absent.
    if (value === "") continue;
    const before = labels.get(free);
    labels.set(free, before === undefined ? value : `${before};${value}`);
  }
  const pairs: string[] = [];
  for (const [name, value] of labels) pairs.push(`${name}="${escapeLabel(value)}"`);
  return pairs.join(",");
}

function braced(labels: string): string {
  return labels === "" ? "" : `{${labels}}`;
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (match) => (match === "\n" ? "\\n" : `\\${match}`));
}

function escapeHelp(text: string, format: TextFormat): string {
  return format === "openmetrics" ? escapeLabel(text) : escapeLabel(text).replaceAll('\\"', '"');
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
