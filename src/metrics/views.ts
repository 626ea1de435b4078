import type { InstrumentRule, MetricViewsConfig } from "../config/config.ts";
import type { InstrumentDescriptor } from "./descriptor.ts";

/**
 * Applies the changes of `TELLTALE_METRICS_*` to an instrument when it is created, so that
 * they cost nothing when it records.
 *
 * @returns undefined for an instrument that is dropped.
 */
export function applyViews(
  views: MetricViewsConfig,
  descriptor: InstrumentDescriptor,
): InstrumentDescriptor | undefined {
  const { name } = descriptor;
  if (views.drop.some((pattern) => matches(pattern, name))) return undefined;
  const boundaries = valueFor(views.buckets, name);
  const dropped = valueFor(views.dropAttributes, name);
  const limit = valueFor(views.cardinalityLimits, name);
  return {
    ...descriptor,
    name: valueFor(views.rename, name) ?? name,
    expires: views.expireMs !== undefined,
    ...(boundaries !== undefined && {
      boundaries: Object.freeze([...boundaries]),
      hasViewBoundaries: true,
    }),
    ...(dropped !== undefined && { droppedAttributes: new Set(dropped) }),
    ...(limit !== undefined && { cardinalityLimit: limit }),
  };
}

/** Returns the value of the first rule with this name, else of the first pattern that matches. */
function valueFor<T>(rules: readonly InstrumentRule<T>[], name: string): T | undefined {
  const exact = rules.find((rule) => rule.name.toLowerCase() === name.toLowerCase());
  return (exact ?? rules.find((rule) => matches(rule.name, name)))?.value;
}

/** Checks a name against a pattern. Names of instruments have no case (specification, metrics/api.md). */
function matches(pattern: string, name: string): boolean {
  const expected = pattern.toLowerCase();
  const actual = name.toLowerCase();
  return expected.endsWith("*") ? actual.startsWith(expected.slice(0, -1)) : actual === expected;
}
