import type { InstrumentationScope } from "@opentelemetry/core";
import type {
  InstrumentKindName,
  InstrumentRule,
  MetricView,
  MetricViewsConfig,
} from "../config/config.ts";
import { matchesWildcard, selects, settingsFor } from "../config/file/selection.ts";
import type { InstrumentDescriptor } from "./descriptor.ts";

/**
 * Applies the views of a configuration file, and then the changes of `TELLTALE_METRICS_*`,
 * to an instrument when it is created, so that they cost nothing when it records.
 *
 * @returns undefined for an instrument that is dropped.
 */
export function applyViews(
  views: MetricViewsConfig,
  descriptor: InstrumentDescriptor,
  scope: InstrumentationScope,
): InstrumentDescriptor | undefined {
  if (views.scopes !== undefined && !settingsFor(views.scopes, scope.name).isEnabled)
    return undefined;
  const view = views.declared?.find(({ selector }) => isSelected(selector, descriptor, scope));
  if (view?.isDropped === true) return undefined;
  const limited = withKindLimit(views, applyRules(views, descriptor));
  return view === undefined ? limited : limited && applyView(view, limited);
}

/** Applies the first of these views that selects an instrument; undefined drops it. */
export function applyDeclaredViews(
  views: readonly MetricView[],
  descriptor: InstrumentDescriptor,
  scope: InstrumentationScope,
): InstrumentDescriptor | undefined {
  const view = views.find(({ selector }) => isSelected(selector, descriptor, scope));
  if (view?.isDropped === true) return undefined;
  return view === undefined ? descriptor : applyView(view, descriptor);
}

function isSelected(
  selector: MetricView["selector"],
  { name, kind, unit }: InstrumentDescriptor,
  scope: InstrumentationScope,
): boolean {
  return (
    (selector.name === undefined ||
      matchesWildcard(selector.name.toLowerCase(), name.toLowerCase())) &&
    (selector.kind === undefined || selector.kind === kind) &&
    (selector.unit === undefined || selector.unit === unit) &&
    (selector.meterName === undefined || selector.meterName === scope.name) &&
    (selector.meterVersion === undefined || selector.meterVersion === scope.version) &&
    (selector.meterSchemaUrl === undefined || selector.meterSchemaUrl === scope.schemaUrl)
  );
}

function applyView(view: MetricView, descriptor: InstrumentDescriptor): InstrumentDescriptor {
  const { name, description, boundaries, cardinalityLimit, attributes, droppedAttributes } = view;
  const isExponential = view.isExponential === true && descriptor.kind === "histogram";
  return {
    ...descriptor,
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(boundaries !== undefined && {
      boundaries: Object.freeze([...boundaries]),
      hasViewBoundaries: true,
    }),
    ...(isExponential && { isExponential }),
    ...(cardinalityLimit !== undefined && { cardinalityLimit }),
    ...(attributes !== undefined && {
      droppedAttributes: { has: (key: string) => !selects(attributes, key) },
    }),
    ...(droppedAttributes !== undefined && { droppedAttributes }),
  };
}

function withKindLimit(
  { limitsByKind }: MetricViewsConfig,
  descriptor: InstrumentDescriptor | undefined,
): InstrumentDescriptor | undefined {
  // Summaries are telltale's own kind, and have the general limit.
  const limit = limitsByKind?.[descriptor?.kind as InstrumentKindName];
  return descriptor && limit !== undefined
    ? { ...descriptor, cardinalityLimit: limit }
    : descriptor;
}

function applyRules(
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
