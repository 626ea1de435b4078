import type { InstrumentKindName, MetricView } from "../config/config.ts";
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
    name: textOf(view, "name"),
    description: textOf(view, "description"),
    ...readAggregation(propertyOf(view, "aggregation"), `${place}.aggregation`, report),
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

type Aggregation = Pick<MetricView, "isDropped" | "boundaries" | "isExponential">;

/** `AggregationType` of the SDK. */
const [DEFAULT, DROP, EXPLICIT_BUCKET_HISTOGRAM, EXPONENTIAL_HISTOGRAM] = [0, 1, 4, 5];

function readAggregation(value: unknown, place: string, report: ExtensionReport): Aggregation {
  const type = value === undefined ? DEFAULT : propertyOf(value, "type");
  const none = { isDropped: false, boundaries: undefined };
  if (type === DEFAULT) return none;
  if (type === DROP) return { ...none, isDropped: true };
  if (type === EXPONENTIAL_HISTOGRAM) return { ...none, isExponential: true };
  if (type !== EXPLICIT_BUCKET_HISTOGRAM) {
    const expected = "0 (default), 1 (drop), 4 or 5 (histogram, explicit or exponential)";
    const received = typeof type === "number" ? `type ${type}` : "no type";
    report.invalid(place, received, expected, "the instrument's own is used");
    return none;
  }
  const boundaries = propertyOf(propertyOf(value, "options"), "boundaries");
  if (boundaries === undefined || isAscending(boundaries)) return { ...none, boundaries };
  const expected = "a list of ascending numbers";
  report.invalid(place, "other boundaries", expected, "the instrument's own are used");
  return none;
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
