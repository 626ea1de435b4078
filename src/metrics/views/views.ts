import type { InstrumentationScope } from "@opentelemetry/core";
import type {
  InstrumentKindName,
  InstrumentRule,
  MetricView,
  MetricViewsConfig,
  ViewAggregation,
} from "../../config/config.ts";
import { matchesWildcard, selects, settingsFor } from "../../config/file/selection.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import type { Aggregation, InstrumentDescriptor, InstrumentKind } from "../descriptor.ts";

/**
 * Returns the streams of a new instrument: one for each view that selects it, of a
 * configuration file or of an extension, and the instrument itself if none does. All have the
 * changes of `TELLTALE_METRICS_*`. They cost nothing when the instrument records.
 *
 * @param added of an extension, which selects by the names of `TELLTALE_METRICS_RENAME`.
 */
export function streamsOf(
  instrument: InstrumentDescriptor,
  scope: InstrumentationScope,
  configured: MetricViewsConfig | undefined,
  added: readonly MetricView[] = [],
  diagnostics?: Pick<Diagnostics, "warn">,
): readonly InstrumentDescriptor[] {
  const changed = configured === undefined ? instrument : configure(configured, instrument, scope);
  if (changed === undefined) return [];
  requested.set(changed, instrument);
  const { declared = [] } = configured ?? {};
  const views = [
    ...declared.filter(({ selector }) => isSelected(selector, instrument, scope)),
    ...added.filter(({ selector }) => isSelected(selector, changed, scope)),
  ].filter((view) => isApplicable(view, changed, diagnostics));
  if (views.length === 0) return [changed];
  const kept = views.filter(({ aggregation }) => aggregation?.kind !== "drop");
  const streams = kept.map((view) => applyView(view, changed));
  for (const stream of streams) requested.set(stream, instrument);
  return withoutConflicts(streams, diagnostics);
}

/** What the app has asked for, of descriptors that are changed. */
const requested = new WeakMap<InstrumentDescriptor, InstrumentDescriptor>();

/** Returns the descriptor that an instrument has without views. */
export function requestedOf(descriptor: InstrumentDescriptor): InstrumentDescriptor {
  return requested.get(descriptor) ?? descriptor;
}

/** Applies the switches of meters, and then `TELLTALE_METRICS_*`; undefined drops an instrument. */
function configure(
  views: MetricViewsConfig,
  instrument: InstrumentDescriptor,
  scope: InstrumentationScope,
): InstrumentDescriptor | undefined {
  if (views.scopes !== undefined && !settingsFor(views.scopes, scope.name).isEnabled)
    return undefined;
  const changed = known.get(instrument) ?? withKindLimit(views, applyRules(views, instrument));
  if (changed !== undefined) known.set(instrument, changed);
  return changed;
}

/** The results of `configure`, by which a second application of views finds what is unchanged. */
const known = new WeakMap<InstrumentDescriptor, InstrumentDescriptor>();

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

/**
 * Checks that an instrument can have the aggregation of a view. A view that it can't have does
 * not exist for it (specification, metrics/sdk.md, measurement processing).
 */
function isApplicable(
  { aggregation }: MetricView,
  { kind, name }: InstrumentDescriptor,
  diagnostics: Pick<Diagnostics, "warn"> | undefined,
): boolean {
  const isHistogram =
    aggregation?.kind === "explicit_histogram" || aggregation?.kind === "exponential_histogram";
  const isOther = aggregation !== undefined && aggregation.kind !== "drop";
  const isWrong = kind === "summary" ? isOther : isHistogram && kind.startsWith("observable_");
  if (!isWrong) return true;
  const what = kind === "summary" ? "a summary" : "an asynchronous instrument";
  diagnostics?.warn(
    `aggregation of ${what}`,
    `a view has no effect on "${name}": the aggregation ${aggregation?.kind} is not possible for ${what}`,
  );
  return false;
}

function applyView(view: MetricView, descriptor: InstrumentDescriptor): InstrumentDescriptor {
  const { name, description, cardinalityLimit, attributes, droppedAttributes } = view;
  return {
    ...descriptor,
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(view.aggregation && aggregated(view.aggregation, descriptor.kind)),
    ...(cardinalityLimit !== undefined && { cardinalityLimit }),
    ...(attributes !== undefined && {
      droppedAttributes: { has: (key: string) => !selects(attributes, key) },
    }),
    ...(droppedAttributes !== undefined && { droppedAttributes }),
  };
}

function aggregated(
  aggregation: ViewAggregation,
  kind: InstrumentKind,
): Partial<InstrumentDescriptor> {
  switch (aggregation.kind) {
    case "explicit_histogram": {
      const { boundaries, hasExtremes } = aggregation;
      return {
        ...unlessOwn("histogram", kind),
        ...(boundaries !== undefined && { boundaries: Object.freeze([...boundaries]) }),
        hasViewBoundaries: true,
        hidesExtremes: !hasExtremes,
      };
    }
    case "exponential_histogram": {
      const { size: exponential, hasExtremes } = aggregation;
      return { ...unlessOwn("histogram", kind), exponential, hidesExtremes: !hasExtremes };
    }
    case "drop":
      return {};
    default:
      return unlessOwn(aggregation.kind, kind);
  }
}

function unlessOwn(aggregation: Aggregation, kind: InstrumentKind): Partial<InstrumentDescriptor> {
  return ownAggregation(kind) === aggregation ? {} : { aggregation };
}

/** Returns the default aggregation of a kind. */
function ownAggregation(kind: InstrumentKind): Aggregation | undefined {
  if (kind === "summary") return undefined;
  if (kind === "histogram") return kind;
  return kind.endsWith("gauge") ? "last_value" : "sum";
}

/** Marks the streams of an instrument that have the name of an earlier one. */
function withoutConflicts(
  streams: readonly InstrumentDescriptor[],
  diagnostics: Pick<Diagnostics, "warn"> | undefined,
): readonly InstrumentDescriptor[] {
  const names = new Set<string>();
  return streams.map((stream) => {
    const name = stream.name.toLowerCase();
    if (!names.has(name)) {
      names.add(name);
      return stream;
    }
    diagnostics?.warn(
      `streams ${name}`,
      `several views select the metric "${stream.name}" and give it one name; the Prometheus page shows the first of them, other outputs all: set a name in the others`,
    );
    return { ...stream, isDuplicate: true };
  });
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
