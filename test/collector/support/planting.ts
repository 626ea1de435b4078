import type { Received } from "../../../src/testing/store.ts";
import type { ReceivedValue } from "../../../src/testing/received.ts";
import { idOf } from "./telemetry.ts";

/** Telemetry at a receiver. */
export type Telemetry = Pick<Received, "spans" | "logs" | "metrics">;

/** A planted text, and the number by which it is found. */
export interface PlantedValue {
  readonly number: number;
  readonly value: JsonValue;
  /** Key of an attribute or field; ignored by fields without keys. */
  readonly key?: string;
}

/** A decoded value of OTLP's JSON. */
export type JsonValue =
  | string
  | number
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

type Json = Readonly<Record<string, unknown>>;

/** A field of telemetry that can contain a text. */
export interface PlantLocation {
  readonly signal: "traces" | "logs" | "metrics";
  /** Whether the field has a key. */
  readonly keyed: boolean;
  /** Creates the part of an export request: one of `resourceSpans`, `resourceLogs`, `resourceMetrics`. */
  readonly put: (plant: PlantedValue) => Json;
  /** Returns the text that arrived in the field; undefined: none yet. */
  readonly look: (received: Telemetry, plant: PlantedValue) => ReceivedValue | undefined;
}

/** Default key of attributes. */
export const KEY = "app.note";
const START = Date.now() - 5000;

/** All fields of telemetry into which an app may write a secret. */
export const plantLocations: Readonly<Record<string, PlantLocation>> = {
  "a span's name": span(({ value }) => ({ name: value }), "name"),
  "a span's attribute": span(
    (plant) => ({ attributes: own(plant) }),
    (one, key) => one.attributes[key],
    true,
  ),
  "a list in a span": span(
    (plant) => ({ attributes: own({ ...plant, value: ["a", plant.value] }) }),
    (one, key) => second(one.attributes[key]),
    true,
  ),
  "a map in a span": span(
    ({ number, value, key = KEY }) => ({
      attributes: own({ number, key: "app.map", value: { [key]: value } }),
    }),
    (one, key) => inner(one.attributes["app.map"], key),
    true,
  ),
  "a query's text": span(
    (plant) => ({ attributes: own({ ...plant, key: "db.query.text" }) }),
    (one) => one.attributes["db.query.text"],
  ),
  "a trace state": span(
    ({ value }) => ({ traceState: value }),
    (one) => one.traceState,
  ),
  "a link's trace state": span(
    ({ value }) => ({
      links: [{ traceId: idOf(99, 32), spanId: idOf(99, 16), traceState: value }],
    }),
    (one) => one.links[0]?.traceState,
  ),
  "a status message": span(
    ({ value }) => ({ status: { code: 2, message: value } }),
    (one) => one.status.message,
  ),
  "an event's name": span(
    ({ value }) => ({ events: [{ name: value, timeUnixNano: nanos(1) }] }),
    (one) => one.events[0]?.name,
  ),
  "an event's attribute": span(
    (plant) => ({ events: [{ name: "e", timeUnixNano: nanos(1), attributes: own(plant) }] }),
    (one, key) => one.events[0]?.attributes[key],
    true,
  ),
  "a link's attribute": span(
    (plant) => ({
      links: [{ traceId: idOf(99, 32), spanId: idOf(99, 16), attributes: own(plant) }],
    }),
    (one, key) => one.links[0]?.attributes[key],
    true,
  ),
  "a resource": {
    signal: "traces",
    keyed: true,
    put: (plant) => resourceSpans(plant, {}, own(plant)),
    look: ({ spans }, { number, key = KEY }) =>
      spans.find(({ traceId }) => traceId === idOf(number, 32))?.resource.attributes[key],
  },
  "a scope": {
    signal: "logs",
    keyed: true,
    put: (plant) => resourceLogs(plant, {}, own(plant)),
    look: ({ logs }, { number, key = KEY }) =>
      logs.find(({ traceId }) => traceId === idOf(number, 32))?.scope.attributes[key],
  },
  "a log's body": log(
    ({ value }) => ({ body: anyValue(value) }),
    (one) => one.body,
  ),
  "a log's body that is a map": log(
    ({ value, key = KEY }) => ({ body: anyValue({ at: { [key]: value } }) }),
    (one, key) => inner(inner(one.body, "at"), key),
    true,
  ),
  "a log's attribute": log(
    (plant) => ({ attributes: own(plant) }),
    (one, key) => one.attributes[key],
    true,
  ),
  "a log's event name": log(
    ({ value }) => ({ eventName: value }),
    (one) => one.eventName,
  ),
  "a metric's attribute": metric(
    (plant) => ({ attributes: [...own(plant), ...numbered(plant)] }),
    (point, key) => point.attributes[key],
  ),
  "an exemplar's attribute": metric(
    (plant) => ({
      attributes: numbered(plant),
      exemplars: [
        {
          timeUnixNano: nanos(1),
          asDouble: 1,
          traceId: idOf(plant.number, 32),
          spanId: idOf(plant.number, 16),
          filteredAttributes: own(plant),
        },
      ],
    }),
    (point, key) => point.exemplars[0]?.attributes[key],
  ),
};

/** Creates export requests for all planted texts of a signal. */
export function plantingRequests(
  plants: readonly (PlantedValue & { readonly place: PlantLocation })[],
): readonly { readonly signal: PlantLocation["signal"]; readonly body: object }[] {
  const field = { traces: "resourceSpans", logs: "resourceLogs", metrics: "resourceMetrics" };
  return (["traces", "logs", "metrics"] as const).map((signal) => ({
    signal,
    body: {
      [field[signal]]: plants
        .filter(({ place }) => place.signal === signal)
        .map((plant) => plant.place.put(plant)),
    },
  }));
}

type Span = Telemetry["spans"][number];
type Log = Telemetry["logs"][number];
type Point = Telemetry["metrics"][number]["points"][number];

function span(
  put: (plant: PlantedValue) => Json,
  look: "name" | ((one: Span, key: string) => ReceivedValue | undefined),
  keyed = false,
): PlantLocation {
  return {
    signal: "traces",
    keyed,
    put: (plant) => resourceSpans(plant, put(plant)),
    look({ spans }, { number, key = KEY }) {
      const one = spans.find(({ traceId }) => traceId === idOf(number, 32));
      if (one === undefined) return undefined;
      return look === "name" ? one.name : look(one, key);
    },
  };
}

function log(
  put: (plant: PlantedValue) => Json,
  look: (one: Log, key: string) => ReceivedValue | undefined,
  keyed = false,
): PlantLocation {
  return {
    signal: "logs",
    keyed,
    put: (plant) => resourceLogs(plant, put(plant)),
    look({ logs }, { number, key = KEY }) {
      const one = logs.find(({ traceId }) => traceId === idOf(number, 32));
      return one === undefined ? undefined : look(one, key);
    },
  };
}

function metric(
  put: (plant: PlantedValue) => Json,
  look: (point: Point, key: string) => ReceivedValue | undefined,
): PlantLocation {
  return {
    signal: "metrics",
    keyed: true,
    put: (plant) => resourceMetrics(put(plant)),
    look({ metrics }, { number, key = KEY }) {
      const points = metrics.flatMap((one) => (one.name === "app.planted" ? one.points : []));
      const point = points.find(({ attributes }) => attributes["plant.number"] === number);
      return point === undefined ? undefined : look(point, key);
    },
  };
}

function resourceSpans(
  { number }: PlantedValue,
  parts: Json,
  attributes: readonly Json[] = [],
): Json {
  const one = {
    traceId: idOf(number, 32),
    spanId: idOf(number, 16),
    name: "plain",
    kind: 2,
    flags: 257,
    startTimeUnixNano: nanos(0),
    endTimeUnixNano: nanos(10),
    status: { code: 2 },
    ...parts,
  };
  return { resource: resource(attributes), scopeSpans: [{ scope: { name: "s" }, spans: [one] }] };
}

function resourceLogs({ number }: PlantedValue, parts: Json, ofScope: readonly Json[] = []): Json {
  const one = {
    timeUnixNano: nanos(0),
    severityNumber: 9,
    body: { stringValue: "plain" },
    traceId: idOf(number, 32),
    spanId: idOf(number, 16),
    ...parts,
  };
  const scope = { name: "s", attributes: ofScope };
  return { resource: resource(), scopeLogs: [{ scope, logRecords: [one] }] };
}

function resourceMetrics(parts: Json): Json {
  const point = { startTimeUnixNano: nanos(0), timeUnixNano: nanos(10), asDouble: 3, ...parts };
  const sum = { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point] };
  const metrics = [{ name: "app.planted", unit: "1", sum }];
  return { resource: resource(), scopeMetrics: [{ scope: { name: "s" }, metrics }] };
}

function resource(attributes: readonly Json[] = []): Json {
  const service = { key: "service.name", value: { stringValue: "planted" } };
  return { attributes: [service, ...attributes] };
}

function own({ value, key = KEY }: PlantedValue): readonly Json[] {
  return [{ key, value: anyValue(value) }];
}

function numbered({ number }: PlantedValue): readonly Json[] {
  return [{ key: "plant.number", value: { intValue: String(number) } }];
}

function anyValue(value: JsonValue): Json {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "number") return { intValue: String(value) };
  if (isList(value)) return { arrayValue: { values: value.map(anyValue) } };
  const entries = Object.entries(value);
  return { kvlistValue: { values: entries.map(([key, one]) => ({ key, value: anyValue(one) })) } };
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function second(value: ReceivedValue | undefined): ReceivedValue | undefined {
  return Array.isArray(value) ? (value as readonly ReceivedValue[])[1] : value;
}

function inner(value: ReceivedValue | undefined, key: string): ReceivedValue | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return (value as Readonly<Record<string, ReceivedValue>>)[key];
}

function nanos(afterMs: number): string {
  return `${START + afterMs}000000`;
}
