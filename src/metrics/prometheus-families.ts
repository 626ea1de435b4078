import type { Attributes } from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import type { DataPoint, Histogram, MetricData, ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { GAUGE, HISTOGRAM, SUM } from "./reader-state.ts";
import { familyName, type FamilyType } from "./prometheus-name.ts";

/** The metrics whose samples share a name. */
export interface MetricFamily {
  readonly name: string;
  readonly unit: string;
  readonly type: FamilyType;
  help: string;
  readonly metrics: ScopedMetric[];
}

/** One metric of one scope. */
export interface ScopedMetric {
  readonly metric: MetricData;
  /** The labels of the scope; empty for telltale's own. */
  readonly scope: Attributes;
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
  info: ["", "_info"],
};

/**
 * Groups metrics by their Prometheus name, in the order of the names. The first
 * metric of a name defines its type; one of a different type is left out.
 *
 * @param ownScope the scope whose samples carry no scope labels.
 */
export function familiesOf(metrics: ResourceMetrics, ownScope: string): MetricFamilies {
  const families = new Map<string, MetricFamily>();
  const claimed = new Map<string, MetricFamily | undefined>([
    ["target", undefined],
    ["target_info", undefined],
  ]);
  const conflicts: NameConflict[] = [];
  for (const { scope, metrics: ofScope } of metrics.scopeMetrics) {
    const labels = scope.name === ownScope ? {} : scopeLabels(scope);
    for (const metric of ofScope) {
      const reason = assignFamily({ metric, scope: labels }, families, claimed);
      if (reason !== undefined) conflicts.push({ name: metric.descriptor.name, reason });
    }
  }
  const list = [...families.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { list, conflicts };
}

/** @returns the reason why the metric is left out, or undefined. */
function assignFamily(
  scoped: ScopedMetric,
  families: Map<string, MetricFamily>,
  claimed: Map<string, MetricFamily | undefined>,
): string | undefined {
  const { descriptor } = scoped.metric;
  const type = typeOf(scoped.metric);
  if (type === undefined) return "this data type has no Prometheus representation";
  const familyNames = familyName(descriptor.name, descriptor.unit, type);
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
  if (family.help === "") family.help = scoped.metric.descriptor.description;
  family.metrics.push(scoped);
  return undefined;
}

function typeOf(metric: MetricData): FamilyType | undefined {
  switch (metric.dataPointType) {
    case HISTOGRAM:
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
 * Returns the labels of a scope other than telltale's own, as the specification
 * requires. Labels that are added only once two scopes share a name would break
 * an existing series.
 */
function scopeLabels(scope: InstrumentationScope): Attributes {
  const labels: Attributes = { "otel.scope.name": scope.name };
  if (scope.version) labels["otel.scope.version"] = scope.version;
  if (scope.schemaUrl) labels["otel.scope.schema_url"] = scope.schemaUrl;
  return Object.freeze(labels);
}

export type NumberPoint = DataPoint<number>;
export type HistogramPoint = DataPoint<Histogram>;
