/*
 * The values of a metric of `prom-client`, whose names and labels are those of Prometheus
 * already: they are on the page as on the app's own.
 */

export type RegistryMetricType = "counter" | "gauge" | "histogram" | "summary";

export interface RegistryMetric {
  readonly name: string;
  readonly help: string;
  readonly type: RegistryMetricType;
  readonly samples: readonly RegistrySample[];
}

export interface RegistrySample {
  /** The name of the metric, or that and `_bucket`, `_sum` or `_count`. */
  readonly name: string;
  readonly labels: readonly (readonly [name: string, value: string | number])[];
  readonly value: number;
  readonly exemplar: RegistryExemplar | undefined;
}

export interface RegistryExemplar {
  readonly labels: readonly (readonly [name: string, value: string | number])[];
  readonly value: number;
  /** In seconds since 1970. */
  readonly at: number | undefined;
}

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const suffixes: Readonly<Record<RegistryMetricType, readonly string[]>> = {
  counter: [""],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count"],
  summary: ["", "_sum", "_count"],
};

/**
 * Checks what `get()` of a metric has returned, which the app may have replaced.
 *
 * @returns the metric, or why it can't be on the page.
 */
export function parseRegistryMetric(
  collected: unknown,
  defaultLabels: unknown,
): RegistryMetric | string {
  const { name, help, type, values } = (collected ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof name !== "string" || !METRIC_NAME.test(name)) return "its name is no Prometheus name";
  if (!isMetricType(type)) return `its type is not one of ${Object.keys(suffixes).join(", ")}`;
  const defaults = isRecord(defaultLabels) ? defaultLabels : {};
  const names = new Set(suffixes[type].map((suffix) => name + suffix));
  const samples: RegistrySample[] = [];
  for (const value of Array.isArray(values) ? (values as unknown[]) : []) {
    const sample = parseSample(value, name, defaults);
    if (typeof sample === "string") return sample;
    if (!names.has(sample.name)) return `"${sample.name}" is no name of a sample of a ${type}`;
    samples.push(sample);
  }
  return { name, help: typeof help === "string" ? help : "", type, samples };
}

function parseSample(
  sample: unknown,
  metricName: string,
  defaults: Readonly<Record<string, unknown>>,
): RegistrySample | string {
  const {
    value,
    labels,
    metricName: name = metricName,
    exemplar,
  } = sample as {
    readonly [field: string]: unknown;
  };
  if (typeof value !== "number") return "it has a value that is no number";
  const own = isRecord(labels) ? labels : {};
  const all = labelsOf({ ...own, ...defaults, ...own });
  if (all === undefined) return "it has a label whose name is none of Prometheus";
  return { name: String(name), labels: all, value, exemplar: exemplarOf(exemplar) };
}

function exemplarOf(exemplar: unknown): RegistryExemplar | undefined {
  if (!isRecord(exemplar) || typeof exemplar["value"] !== "number") return undefined;
  const labels = labelsOf(isRecord(exemplar["labelSet"]) ? exemplar["labelSet"] : {});
  const at = exemplar["timestamp"];
  if (labels === undefined) return undefined;
  return { labels, value: exemplar["value"], at: typeof at === "number" ? at : undefined };
}

function labelsOf(labels: Readonly<Record<string, unknown>>): RegistrySample["labels"] | undefined {
  const entries = Object.entries(labels);
  if (!entries.every(([name]) => LABEL_NAME.test(name))) return undefined;
  return entries.map(([name, value]) => [name, typeof value === "number" ? value : String(value)]);
}

/** The specification's limit of the labels of an exemplar, in characters. */
const MAX_EXEMPLAR_LENGTH = 128;

/** Whether a page may have an exemplar. */
export function isShortExemplar({ labels }: RegistryExemplar): boolean {
  return labels.flat().join("").length <= MAX_EXEMPLAR_LENGTH;
}

function isMetricType(type: unknown): type is RegistryMetricType {
  return typeof type === "string" && Object.hasOwn(suffixes, type);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
