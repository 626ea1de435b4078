import type { InstrumentKindName, MetricView, ViewAggregation } from "../config/config.ts";
import { propertyOf } from "../property.ts";
import type { ExtensionReport } from "./report.ts";
import { isObject } from "./values.ts";

const LEFT_OUT = "it is left out";

/** Translates `ViewOptions` of the SDK. What can't be is reported and left out. */
export function readViews(views: readonly object[], report: ExtensionReport): MetricView[] {
  return views.flatMap((view, index) => readView(view, `views[${index}]`, report) ?? []);
}

function readView(view: object, place: string, report: ExtensionReport): MetricView | undefined {
  const selector = readSelector(view, place, report);
  if (selector === undefined) return undefined;
  const limit = propertyOf(view, "aggregationCardinalityLimit");
  return {
    selector,
    name: readName(view, selector.name, place, report),
    description: textOf(view, "description"),
    aggregation: readAggregation(propertyOf(view, "aggregation"), `${place}.aggregation`, report),
    cardinalityLimit: Number.isInteger(limit) && Number(limit) > 0 ? Number(limit) : undefined,
    attributes: undefined,
    droppedAttributes: droppedBy(propertyOf(view, "attributesProcessors"), place, report),
  };
}

function readSelector(
  view: object,
  place: string,
  report: ExtensionReport,
): MetricView["selector"] | undefined {
  const type = textOf(view, "instrumentType");
  const kind = type === undefined ? undefined : kinds[type];
  if (type !== undefined && kind === undefined) {
    const known = Object.keys(kinds).join(", ");
    report.invalid(`${place}.instrumentType`, "another text", `one of ${known}`, LEFT_OUT);
    return undefined;
  }
  const selector = {
    name: textOf(view, "instrumentName"),
    kind,
    unit: textOf(view, "instrumentUnit"),
    meterName: textOf(view, "meterName"),
    meterVersion: textOf(view, "meterVersion"),
    meterSchemaUrl: textOf(view, "meterSchemaUrl"),
  };
  if (Object.values(selector).some((value) => value !== undefined)) return selector;
  const names = "instrumentName, instrumentType, instrumentUnit or meterName";
  report.invalid(place, `no ${names}`, "at least one of them", LEFT_OUT);
  return undefined;
}

/** A view that selects several instruments must not give all of them one name. */
function readName(
  view: object,
  selected: string | undefined,
  place: string,
  report: ExtensionReport,
): string | undefined {
  const name = textOf(view, "name");
  if (name === undefined || (selected !== undefined && !/[*?]/.test(selected))) return name;
  const expected = "an instrumentName without wildcards beside it";
  report.invalid(`${place}.name`, "a name for several instruments", expected, LEFT_OUT);
  return undefined;
}

/** `InstrumentType` of the SDK. */
const kinds: Readonly<Record<string, InstrumentKindName>> = {
  COUNTER: "counter",
  GAUGE: "gauge",
  HISTOGRAM: "histogram",
  UP_DOWN_COUNTER: "up_down_counter",
  OBSERVABLE_COUNTER: "observable_counter",
  OBSERVABLE_GAUGE: "observable_gauge",
  OBSERVABLE_UP_DOWN_COUNTER: "observable_up_down_counter",
};

/** `AggregationType` of the SDK. */
const [DEFAULT, DROP, SUM, LAST_VALUE, EXPLICIT_HISTOGRAM, EXPONENTIAL_HISTOGRAM] = [
  0, 1, 2, 3, 4, 5,
];

function readAggregation(
  value: unknown,
  place: string,
  report: ExtensionReport,
): ViewAggregation | undefined {
  const type = value === undefined ? DEFAULT : propertyOf(value, "type");
  const options = propertyOf(value, "options");
  const hasExtremes = propertyOf(options, "recordMinMax") !== false;
  if (type === DEFAULT) return undefined;
  if (type === DROP) return { kind: "drop" };
  if (type === SUM) return { kind: "sum" };
  if (type === LAST_VALUE) return { kind: "last_value" };
  if (type === EXPONENTIAL_HISTOGRAM) {
    const maxSize = propertyOf(options, "maxSize");
    const size = Number.isInteger(maxSize) ? { maxSize: Number(maxSize) } : {};
    return { kind: "exponential_histogram", size, hasExtremes };
  }
  if (type === EXPLICIT_HISTOGRAM) {
    const boundaries = readBoundaries(propertyOf(options, "boundaries"), place, report);
    return { kind: "explicit_histogram", boundaries, hasExtremes };
  }
  const expected =
    "0 (default), 1 (drop), 2 (sum), 3 (last value), 4 or 5 (histogram, explicit or exponential)";
  const received = typeof type === "number" ? `type ${type}` : "no type";
  report.invalid(place, received, expected, "the instrument's own is used");
  return undefined;
}

function readBoundaries(
  boundaries: unknown,
  place: string,
  report: ExtensionReport,
): readonly number[] | undefined {
  if (boundaries === undefined || isAscending(boundaries)) return boundaries;
  const expected = "a list of ascending numbers";
  report.invalid(place, "other boundaries", expected, "the instrument's own are used");
  return undefined;
}

function isAscending(value: unknown): value is number[] {
  if (!Array.isArray(value)) return false;
  return value.every(
    (bound, index) => Number.isFinite(bound) && (index === 0 || bound > value[index - 1]),
  );
}

/** The most names of attributes whose result is remembered. */
const MAX_NAMES = 1000;

/** Returns which attributes the processors leave out, each by its name alone. */
function droppedBy(
  processors: unknown,
  place: string,
  report: ExtensionReport,
): MetricView["droppedAttributes"] {
  if (!Array.isArray(processors) || processors.length === 0) return undefined;
  const known = new Map<string, boolean>();
  const isDropped = (name: string): boolean =>
    report.guard(`${place}.attributesProcessors`, "the attribute is kept", () => {
      let attributes: unknown = { [name]: "value" };
      for (const processor of processors)
        attributes = (processor as { process(incoming: unknown): unknown }).process(attributes);
      return isObject(attributes) && !Object.hasOwn(attributes, name);
    }) === true;
  return {
    has(name) {
      let result = known.get(name);
      if (result === undefined) {
        result = isDropped(name);
        if (known.size < MAX_NAMES) known.set(name, result);
      }
      return result;
    },
  };
}

function textOf(view: object, key: string): string | undefined {
  const value = propertyOf(view, key);
  return typeof value === "string" ? value : undefined;
}
