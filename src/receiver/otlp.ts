import { createDecoder, type Decoder, type Plain } from "./protobuf.ts";
import type {
  Attributes,
  ReceivedLog,
  ReceivedMetric,
  ReceivedPoint,
  ReceivedResource,
  ReceivedScope,
  ReceivedSpan,
  SpanKindName,
  Value,
} from "./received.ts";
import { otlpSchema } from "./schema.ts";

/** The three signals of OTLP, by the last part of their path (`/v1/traces`). */
export type OtlpSignal = "traces" | "logs" | "metrics";

const messages: Readonly<Record<OtlpSignal, string>> = {
  traces: "ExportTraceServiceRequest",
  logs: "ExportLogsServiceRequest",
  metrics: "ExportMetricsServiceRequest",
};

let decode: Decoder | undefined;

/** Reads the body of an export, in either encoding, into the shape of the JSON one. Throws on nonsense. */
export function readExport(signal: OtlpSignal, contentType: string, body: Uint8Array): Plain {
  if (contentType.startsWith("application/json")) {
    return plain(JSON.parse(Buffer.from(body).toString("utf8")));
  }
  decode ??= createDecoder(otlpSchema);
  return decode(messages[signal], body);
}

export function spansOf(request: Plain): ReceivedSpan[] {
  return flatten(request, "resourceSpans", "scopeSpans", "spans", toSpan);
}

export function logsOf(request: Plain): ReceivedLog[] {
  return flatten(request, "resourceLogs", "scopeLogs", "logRecords", toLog);
}

export function metricsOf(request: Plain): ReceivedMetric[] {
  return flatten(request, "resourceMetrics", "scopeMetrics", "metrics", toMetric);
}

type Shape<T> = (item: Plain, resource: ReceivedResource, scope: ReceivedScope) => T;

function flatten<T>(
  request: Plain,
  byResource: string,
  byScope: string,
  itemsName: string,
  shape: Shape<T>,
): T[] {
  const found: T[] = [];
  for (const group of list(request[byResource])) {
    const resource: ReceivedResource = {
      attributes: attributes(plain(group["resource"])["attributes"]),
      schemaUrl: text(group["schemaUrl"]),
    };
    for (const part of list(group[byScope])) {
      const scope = toScope(plain(part["scope"]), text(part["schemaUrl"]));
      for (const item of list(part[itemsName])) found.push(shape(item, resource, scope));
    }
  }
  return found;
}

function toScope(scope: Plain, schemaUrl: string): ReceivedScope {
  return {
    name: text(scope["name"]),
    version: text(scope["version"]),
    schemaUrl,
    attributes: attributes(scope["attributes"]),
  };
}

const kinds: readonly SpanKindName[] = [
  "UNSPECIFIED",
  "INTERNAL",
  "SERVER",
  "CLIENT",
  "PRODUCER",
  "CONSUMER",
];
const codes = ["UNSET", "OK", "ERROR"] as const;

function toSpan(span: Plain, resource: ReceivedResource, scope: ReceivedScope): ReceivedSpan {
  const start = nanoseconds(span["startTimeUnixNano"]) || "0";
  const end = nanoseconds(span["endTimeUnixNano"]) || "0";
  const status = plain(span["status"]);
  return {
    traceId: text(span["traceId"]),
    spanId: text(span["spanId"]),
    parentSpanId: text(span["parentSpanId"]),
    traceState: text(span["traceState"]),
    flags: count(span["flags"]),
    name: text(span["name"]),
    kind: kinds[count(span["kind"])] ?? "UNSPECIFIED",
    startTimeUnixNano: start,
    endTimeUnixNano: end,
    durationMs: Number(BigInt(end) - BigInt(start)) / 1e6,
    attributes: attributes(span["attributes"]),
    events: list(span["events"]).map((event) => ({
      name: text(event["name"]),
      timeUnixNano: text(event["timeUnixNano"]),
      attributes: attributes(event["attributes"]),
      droppedAttributesCount: count(event["droppedAttributesCount"]),
    })),
    links: list(span["links"]).map((link) => ({
      traceId: text(link["traceId"]),
      spanId: text(link["spanId"]),
      traceState: text(link["traceState"]),
      flags: count(link["flags"]),
      attributes: attributes(link["attributes"]),
      droppedAttributesCount: count(link["droppedAttributesCount"]),
    })),
    status: { code: codes[count(status["code"])] ?? "UNSET", message: text(status["message"]) },
    droppedAttributesCount: count(span["droppedAttributesCount"]),
    droppedEventsCount: count(span["droppedEventsCount"]),
    droppedLinksCount: count(span["droppedLinksCount"]),
    resource,
    scope,
  };
}

function toLog(log: Plain, resource: ReceivedResource, scope: ReceivedScope): ReceivedLog {
  return {
    timeUnixNano: nanoseconds(log["timeUnixNano"]),
    observedTimeUnixNano: nanoseconds(log["observedTimeUnixNano"]),
    severityNumber: count(log["severityNumber"]),
    severityText: text(log["severityText"]),
    body: value(log["body"]),
    eventName: text(log["eventName"]),
    attributes: attributes(log["attributes"]),
    droppedAttributesCount: count(log["droppedAttributesCount"]),
    traceId: text(log["traceId"]),
    spanId: text(log["spanId"]),
    flags: count(log["flags"]),
    resource,
    scope,
  };
}

const metricTypes = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"] as const;
const temporalities = ["unspecified", "delta", "cumulative"] as const;

function toMetric(metric: Plain, resource: ReceivedResource, scope: ReceivedScope): ReceivedMetric {
  const type = metricTypes.find((name) => metric[name] !== undefined) ?? "gauge";
  const data = plain(metric[type]);
  return {
    name: text(metric["name"]),
    description: text(metric["description"]),
    unit: text(metric["unit"]),
    type,
    temporality: temporalities[count(data["aggregationTemporality"])] ?? "unspecified",
    monotonic: data["isMonotonic"] === true,
    points: list(data["dataPoints"]).map(toPoint),
    resource,
    scope,
  };
}

function toPoint(point: Plain): ReceivedPoint {
  return {
    attributes: attributes(point["attributes"]),
    startTimeUnixNano: text(point["startTimeUnixNano"]),
    timeUnixNano: text(point["timeUnixNano"]),
    value: number(point["asDouble"] ?? point["asInt"]),
    count: number(point["count"]),
    sum: number(point["sum"]),
    min: number(point["min"]),
    max: number(point["max"]),
    bounds: numbers(point["explicitBounds"]),
    buckets: numbers(point["bucketCounts"]),
    exemplars: list(point["exemplars"]).map((exemplar) => ({
      traceId: text(exemplar["traceId"]),
      spanId: text(exemplar["spanId"]),
      value: count(exemplar["asDouble"] ?? exemplar["asInt"]),
      attributes: attributes(exemplar["filteredAttributes"]),
    })),
  };
}

function attributes(pairs: unknown): Attributes {
  // Own properties, `__proto__` among them.
  return Object.fromEntries(list(pairs).map((pair) => [text(pair["key"]), value(pair["value"])]));
}

/** An `AnyValue`. Whole numbers beyond 2^53 become their digits; bytes stay base64. */
function value(any: unknown): Value {
  const wrapped = plain(any);
  if (wrapped["arrayValue"] !== undefined) {
    return list(plain(wrapped["arrayValue"])["values"]).map(value);
  }
  if (wrapped["kvlistValue"] !== undefined) {
    return attributes(plain(wrapped["kvlistValue"])["values"]);
  }
  const whole = wrapped["intValue"];
  if (whole !== undefined) {
    return Number.isSafeInteger(Number(whole)) ? Number(whole) : text(whole);
  }
  // In JSON also the texts "NaN", "Infinity" and "-Infinity".
  const double = number(wrapped["doubleValue"]);
  if (double !== undefined) return double;
  const scalar = wrapped["stringValue"] ?? wrapped["boolValue"] ?? wrapped["bytesValue"];
  return (scalar as Value | undefined) ?? null;
}

function plain(any: unknown): Plain {
  return typeof any === "object" && any !== null ? (any as Plain) : {};
}

function list(any: unknown): Plain[] {
  return Array.isArray(any) ? (any as Plain[]) : [];
}

function text(any: unknown): string {
  switch (typeof any) {
    case "string":
      return any;
    case "number":
    case "bigint":
      return any.toString();
    default:
      return "";
  }
}

/** A time as its digits; throws where it is none. */
function nanoseconds(any: unknown): string {
  const digits = text(any);
  if (/^\d{0,20}$/.test(digits)) return digits;
  throw new TypeError(`no time: ${JSON.stringify(digits.slice(0, 30))}`);
}

function number(any: unknown): number | undefined {
  return any === undefined ? undefined : Number(any);
}

function count(any: unknown): number {
  return number(any) ?? 0;
}

function numbers(any: unknown): number[] | undefined {
  return Array.isArray(any) ? any.map(Number) : undefined;
}
