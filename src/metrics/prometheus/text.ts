import type { Attributes } from "@opentelemetry/api";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { PrometheusConfig } from "../../config/config.ts";
import type { Exemplar, HistogramWithExemplars, PointWithExemplar } from "../exemplars.ts";
import { addHistograms } from "../histogram-sum.ts";
import type { SummaryPoint, SummaryValue } from "../../export/summary-data.ts";
import type { RegistryMetric } from "../registries/registry-metric.ts";
import { registryText } from "../registries/registry-text.ts";
import { escapeQuoted, quotedName, seriesText } from "./escaping.ts";
import { explicitHistogram } from "./exponential-histogram.ts";
import {
  claimedNames,
  EXPONENTIAL_HISTOGRAM,
  type ExponentialPoint,
  familiesOf,
  type HistogramPoint,
  type MetricFamily,
  type NameConflict,
  type NumberPoint,
} from "./families.ts";
import type { ConstantLabels, LabelTexts } from "./labels.ts";
import type { NameStyle } from "./names.ts";
import type { TextFormat } from "./negotiation.ts";

export interface PrometheusTextOptions {
  readonly style: NameStyle;
  readonly config: PrometheusConfig;
  /** The labels of this style; one for all pages, as they are cached. */
  readonly labels: LabelTexts;
  /** The scope of telltale's own metrics. */
  readonly ownScope: string;
  /** The metrics of the app's registries. */
  readonly registryMetrics?: readonly RegistryMetric[];
  /** Called for each metric that is left out. */
  readonly onConflict: (conflict: NameConflict) => void;
  /** Called for each metric with several series of the same labels, which become one. */
  readonly onMerge: (name: string) => void;
}

/**
 * Renders the page (text format 0.0.4 or OpenMetrics 1.0), in pieces of some hundred
 * samples, so that the caller can yield to the app in between. A piece may be empty.
 */
export function* prometheusText(
  metrics: ResourceMetrics,
  options: PrometheusTextOptions,
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

/** Samples per piece: a few tenths of a millisecond of work. */
const SAMPLES_PER_PIECE = 200;

function* familyText(
  family: MetricFamily,
  options: PrometheusTextOptions,
): IterableIterator<string> {
  yield familyHeader(family, options.style.format);
  const points = new Map<string, SampleSource>();
  yield* collectPoints(family, options, points);
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

function sampleCount(value: SampleSource["value"]): number {
  if (typeof value === "number") return 1;
  return "quantiles" in value ? value.quantiles.length : value.buckets.counts.length;
}

function familyHeader(family: MetricFamily, format: TextFormat): string {
  const open = format === "openmetrics";
  const name = quotedName(open ? family.name : family.sample);
  const help = family.help === "" ? "" : `# HELP ${name} ${escapeHelp(family.help, format)}\n`;
  const unit = open && family.unit !== "" ? `# UNIT ${name} ${family.unit}\n` : "";
  return `${help}# TYPE ${name} ${family.type}\n${unit}`;
}

/** Renders all resource attributes as labels of one sample, for joins. */
function targetInfo(resource: Attributes, { style, labels }: PrometheusTextOptions): string {
  const [name, type] =
    style.format === "openmetrics" ? ["target", "info"] : ["target_info", "gauge"];
  return (
    `# HELP ${name} Target metadata\n# TYPE ${name} ${type}\n` +
    `${seriesText("target_info", labels.of(resource, NO_LABELS, false))} 1\n`
  );
}

const NO_LABELS: ConstantLabels = { attributes: {}, starts: [], text: "" };

/** The value that the samples of one set of labels show. */
interface SampleSource {
  readonly value: number | HistogramWithExemplars | SummaryValue;
  /** Of a counter. */
  readonly exemplar: Exemplar | undefined;
  /** Seconds since 1970. */
  readonly createdAt: number;
}

/**
 * Groups the points of a family by their labels. Different attributes can result
 * in the same labels (`a.b`, `a_b`); such points are merged, since Prometheus
 * rejects a whole page with a duplicate sample.
 */
function* collectPoints(
  family: MetricFamily,
  { labels, onMerge }: PrometheusTextOptions,
  points: Map<string, SampleSource>,
): IterableIterator<string> {
  for (const { metric, constant: attributes } of family.metrics) {
    const constant = labels.constant(attributes);
    const isDistribution = family.type === "histogram" || family.type === "summary";
    let count = 0;
    for (const point of metric.dataPoints as MetricPoint[]) {
      if ((count += 1) % SAMPLES_PER_PIECE === 0) yield "";
      const text = labels.of(point.attributes, constant, isDistribution);
      const before = points.get(text);
      if (before !== undefined) onMerge(metric.descriptor.name);
      points.set(text, sourceOf(family, metric.dataPointType, point, before));
    }
  }
}

type MetricPoint = NumberPoint | HistogramPoint | ExponentialPoint | SummaryPoint;

function sourceOf(
  family: MetricFamily,
  type: number,
  point: MetricPoint,
  before: SampleSource | undefined,
): SampleSource {
  const value =
    type === EXPONENTIAL_HISTOGRAM
      ? explicitHistogram((point as ExponentialPoint).value)
      : (point as NumberPoint | HistogramPoint | SummaryPoint).value;
  const [seconds, nanoseconds] = point.startTime;
  return {
    value: before === undefined ? value : merge(family, before.value, value),
    exemplar: (point as PointWithExemplar).exemplar ?? before?.exemplar,
    createdAt: before?.createdAt ?? seconds + Math.round(nanoseconds / 1e6) / 1e3,
  };
}

/** Adds counters and histograms; keeps the first of two gauges or summaries, and of histograms with different boundaries. */
function merge(
  family: MetricFamily,
  a: SampleSource["value"],
  b: SampleSource["value"],
): SampleSource["value"] {
  if (typeof a === "number" || typeof b === "number") {
    return family.type === "counter" ? Number(a) + Number(b) : a;
  }
  if ("quantiles" in a || "quantiles" in b) return a;
  return addHistograms(a, b) ?? a;
}

function samplesText(
  family: MetricFamily,
  labels: string,
  { value, exemplar, createdAt }: SampleSource,
  { style, config }: PrometheusTextOptions,
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
  value: HistogramWithExemplars,
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

function escapeHelp(text: string, format: TextFormat): string {
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
