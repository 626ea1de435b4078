import type { Attributes } from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import type {
  DataPoint,
  DataPointType,
  ExponentialHistogram,
  Histogram,
  MetricData,
  ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import type { PrometheusConfig } from "../../config/config.ts";
import { selects } from "../../config/file/selection.ts";
import { isSummary } from "../../export/summary-data.ts";
import { GAUGE, HISTOGRAM, SUM } from "../reader-state.ts";
import { familyName, type FamilyType, type NameStyle } from "./names.ts";

/** The SDK's enum, without the SDK's code. */
export const EXPONENTIAL_HISTOGRAM: DataPointType.EXPONENTIAL_HISTOGRAM = 1;

/** The metrics whose samples share a name. */
export interface MetricFamily {
  readonly name: string;
  /** The name of the samples of a counter; of any other, the same. */
  readonly sample: string;
  readonly unit: string;
  readonly type: FamilyType;
  help: string;
  readonly metrics: ScopedMetric[];
}

/** One metric of one scope. */
export interface ScopedMetric {
  readonly metric: MetricData;
  /** The labels of each sample that come from the resource and the scope. */
  readonly constant: Attributes;
}

/** A metric that would make the page invalid. */
export interface NameConflict {
  readonly name: string;
  readonly reason: string;
}

export interface MetricFamilies {
  readonly list: readonly MetricFamily[];
  readonly conflicts: readonly NameConflict[];
}

/** The suffixes of a family's sample names, which no other family may use. */
const suffixes: Readonly<Record<FamilyType, readonly string[]>> = {
  counter: ["", "_total", "_created"],
  gauge: [""],
  histogram: ["", "_bucket", "_count", "_sum", "_created"],
  summary: ["", "_count", "_sum", "_created"],
  info: ["", "_info"],
};

/** Returns the names that no further family of the page may use. */
export function claimedNames(families: readonly MetricFamily[]): Set<string> {
  const names = families.flatMap(({ name, type }) => suffixes[type].map((suffix) => name + suffix));
  return new Set(["target", "target_info", ...names]);
}

export interface FamilyOptions {
  readonly style: NameStyle;
  readonly config: Pick<PrometheusConfig, "scopeLabels" | "resourceLabels" | "resourceLabelFilter">;
  /** The scope of telltale's own metrics. */
  readonly ownScope: string;
}

/**
 * Groups metrics by their Prometheus name, in the order of the names. The first
 * metric of a name defines its type; one of a different type is left out.
 */
export function familiesOf(metrics: ResourceMetrics, options: FamilyOptions): MetricFamilies {
  const families = new Map<string, MetricFamily>();
  const claimed = new Map<string, MetricFamily | undefined>([
    ["target", undefined],
    ["target_info", undefined],
  ]);
  const conflicts: NameConflict[] = [];
  const resource = resourceLabels(metrics.resource.attributes, options.config);
  for (const { scope, metrics: ofScope } of metrics.scopeMetrics) {
    const constant = Object.freeze({ ...resource, ...scopeLabels(scope, options) });
    for (const metric of ofScope) {
      const reason = assignFamily({ metric, constant }, options.style, families, claimed);
      if (reason !== undefined) conflicts.push({ name: metric.descriptor.name, reason });
    }
  }
  const list = [...families.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { list, conflicts };
}

/** @returns the reason why the metric is left out, or undefined. */
function assignFamily(
  scoped: ScopedMetric,
  style: NameStyle,
  families: Map<string, MetricFamily>,
  claimed: Map<string, MetricFamily | undefined>,
): string | undefined {
  const { descriptor } = scoped.metric;
  const type = typeOf(scoped.metric);
  if (type === undefined) return "this data type has no Prometheus representation";
  const familyNames = familyName(descriptor.name, descriptor.unit, type, style);
  if (familyNames === undefined) return "its name has no valid characters";
  const known = families.get(familyNames.name);
  if (known !== undefined) return addToFamily(known, scoped, type);
  const names = suffixes[type].map((suffix) => familyNames.name + suffix);
  const conflicting = names.find((name) => claimed.has(name));
  if (conflicting !== undefined) return `the name ${conflicting} is already used by another metric`;
  const family: MetricFamily = {
    ...familyNames,
    type,
    help: descriptor.description,
    metrics: [scoped],
  };
  families.set(family.name, family);
  for (const name of names) claimed.set(name, family);
  return undefined;
}

function addToFamily(
  family: MetricFamily,
  scoped: ScopedMetric,
  type: FamilyType,
): string | undefined {
  if (family.type !== type) return `${family.name} is already a ${family.type}, this is a ${type}`;
  const unit = family.metrics[0]?.metric.descriptor.unit;
  // Only names without units, since others differ by them.
  if (scoped.metric.descriptor.unit !== unit && family.unit === "")
    return `${family.name} already has the unit "${unit}", this has "${scoped.metric.descriptor.unit}"`;
  if (family.help === "") family.help = scoped.metric.descriptor.description;
  family.metrics.push(scoped);
  return undefined;
}

function typeOf(metric: MetricData): FamilyType | undefined {
  if (isSummary(metric)) return "summary";
  switch (metric.dataPointType) {
    case HISTOGRAM:
    case EXPONENTIAL_HISTOGRAM:
      return "histogram";
    case GAUGE:
      return "gauge";
    case SUM:
      return metric.isMonotonic ? "counter" : "gauge";
    default:
      return undefined;
  }
}

/**
 * Returns the labels of a scope. The specification requires them on all metrics. By
 * default telltale's own have none: an update of telltale would end every series.
 * Labels that are added only once two scopes share a name would break an existing series.
 */
function scopeLabels(
  scope: InstrumentationScope,
  { config, ownScope }: FamilyOptions,
): Attributes | undefined {
  if (config.scopeLabels === "none") return undefined;
  if (config.scopeLabels === "others" && scope.name === ownScope) return undefined;
  const labels: Attributes = { "otel.scope.name": scope.name };
  if (scope.version) labels["otel.scope.version"] = scope.version;
  if (scope.schemaUrl) labels["otel.scope.schema_url"] = scope.schemaUrl;
  return labels;
}

function resourceLabels(
  resource: Attributes,
  { resourceLabels: keys, resourceLabelFilter: filter }: FamilyOptions["config"],
): Attributes {
  return Object.fromEntries(
    Object.entries(resource).filter(
      ([key]) => keys.includes(key) || (filter !== undefined && selects(filter, key)),
    ),
  );
}

export type NumberPoint = DataPoint<number>;
export type HistogramPoint = DataPoint<Histogram>;
export type ExponentialPoint = DataPoint<ExponentialHistogram>;
