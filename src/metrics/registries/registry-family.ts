import type { PageFormat } from "../prometheus/negotiation.ts";
import type { RegistryMetric, RegistryMetricType } from "./registry-metric.ts";

export interface ClaimOptions {
  readonly format: PageFormat;
  /** The names of all samples of the page so far, and of families. */
  readonly claimed: Set<string>;
  /** Called for each metric that is left out. */
  readonly onConflict: (conflict: { readonly name: string; readonly reason: string }) => void;
}

export interface RegistryFamily {
  /** The name in OpenMetrics. */
  readonly name: string;
  readonly type: RegistryMetricType | "unknown";
}

/** The suffixes of a family's sample names, which no other family may use. */
const suffixes: Readonly<Record<RegistryMetricType | "unknown", readonly string[]>> = {
  counter: ["", "_total", "_created"],
  gauge: [""],
  histogram: ["", "_bucket", "_count", "_sum", "_created"],
  summary: ["", "_count", "_sum", "_created"],
  unknown: [""],
};

/** Iterates over the metrics whose names no other metric of the page has, and claims these. */
export function* claimFamilies(
  metrics: readonly RegistryMetric[],
  { format, claimed, onConflict }: ClaimOptions,
): IterableIterator<[RegistryMetric, RegistryFamily]> {
  for (const metric of metrics) {
    const family = familyOf(metric, format);
    const names = suffixes[family.type].map((suffix) => family.name + suffix);
    const conflicting = names.find((name) => claimed.has(name));
    if (conflicting !== undefined) {
      const reason = `the name ${conflicting} is already used by another metric`;
      onConflict({ name: metric.name, reason });
      continue;
    }
    for (const name of names) claimed.add(name);
    yield [metric, family];
  }
}

/**
 * Returns the family, of which the names of the samples stay as the app gave them: a counter
 * without `_total` has no type in OpenMetrics.
 */
function familyOf({ name, type }: RegistryMetric, format: PageFormat): RegistryFamily {
  if (type !== "counter") return { name, type };
  if (name.endsWith("_total")) return { name: name.slice(0, -"_total".length), type };
  return { name, type: format === "openmetrics" ? "unknown" : "counter" };
}
