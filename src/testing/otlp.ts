import { attributesOf as toAttributes, valueOf as toValue } from "../otlp/attributes.ts";
import {
  asList,
  asNanoseconds,
  asNumber,
  asNumbers,
  asObject,
  asOptionalNumber,
  asText,
} from "../otlp/fields.ts";
import type { JsonObject } from "../otlp/protobuf.ts";
import type {
  ReceivedLink,
  ReceivedLog,
  ReceivedMetric,
  ReceivedPoint,
  ReceivedResource,
  ReceivedScope,
  ReceivedSpan,
  ReceivedSpanEvent,
  SpanKindName,
} from "./received.ts";

export function spansOf(request: JsonObject): ReceivedSpan[] {
  return flatten(request, "resourceSpans", "scopeSpans", "spans", toSpan);
}

export function logsOf(request: JsonObject): ReceivedLog[] {
  return flatten(request, "resourceLogs", "scopeLogs", "logRecords", toLog);
}

export function metricsOf(request: JsonObject): ReceivedMetric[] {
  return flatten(request, "resourceMetrics", "scopeMetrics", "metrics", toMetric);
}

type ItemMapper<T> = (item: JsonObject, resource: ReceivedResource, scope: ReceivedScope) => T;

function flatten<T>(
  request: JsonObject,
  byResource: string,
  byScope: string,
  itemsName: string,
  mapItem: ItemMapper<T>,
): T[] {
  const items: T[] = [];
  for (const group of asList(request[byResource])) {
    const resource: ReceivedResource = {
      attributes: toAttributes(asObject(group["resource"])["attributes"]),
      schemaUrl: asText(group["schemaUrl"]),
    };
    for (const scopeGroup of asList(group[byScope])) {
      const scope = toScope(asObject(scopeGroup["scope"]), asText(scopeGroup["schemaUrl"]));
      for (const item of asList(scopeGroup[itemsName])) items.push(mapItem(item, resource, scope));
    }
  }
  return items;
}

function toScope(scope: JsonObject, schemaUrl: string): ReceivedScope {
  return {
    name: asText(scope["name"]),
    version: asText(scope["version"]),
    schemaUrl,
    attributes: toAttributes(scope["attributes"]),
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

function toSpan(span: JsonObject, resource: ReceivedResource, scope: ReceivedScope): ReceivedSpan {
  const start = asNanoseconds(span["startTimeUnixNano"]) || "0";
  const end = asNanoseconds(span["endTimeUnixNano"]) || "0";
  const status = asObject(span["status"]);
  return {
    traceId: asText(span["traceId"]),
    spanId: asText(span["spanId"]),
    parentSpanId: asText(span["parentSpanId"]),
    traceState: asText(span["traceState"]),
    flags: asNumber(span["flags"]),
    name: asText(span["name"]),
    kind: kinds[asNumber(span["kind"])] ?? "UNSPECIFIED",
    startTimeUnixNano: start,
    endTimeUnixNano: end,
    durationMs: Number(BigInt(end) - BigInt(start)) / 1e6,
    attributes: toAttributes(span["attributes"]),
    events: asList(span["events"]).map(toSpanEvent),
    links: asList(span["links"]).map(toLink),
    status: {
      code: codes[asNumber(status["code"])] ?? "UNSET",
      message: asText(status["message"]),
    },
    droppedAttributesCount: asNumber(span["droppedAttributesCount"]),
    droppedEventsCount: asNumber(span["droppedEventsCount"]),
    droppedLinksCount: asNumber(span["droppedLinksCount"]),
    resource,
    scope,
  };
}

function toSpanEvent(event: JsonObject): ReceivedSpanEvent {
  return {
    name: asText(event["name"]),
    timeUnixNano: asText(event["timeUnixNano"]),
    attributes: toAttributes(event["attributes"]),
    droppedAttributesCount: asNumber(event["droppedAttributesCount"]),
  };
}

function toLink(link: JsonObject): ReceivedLink {
  return {
    traceId: asText(link["traceId"]),
    spanId: asText(link["spanId"]),
    traceState: asText(link["traceState"]),
    flags: asNumber(link["flags"]),
    attributes: toAttributes(link["attributes"]),
    droppedAttributesCount: asNumber(link["droppedAttributesCount"]),
  };
}

function toLog(log: JsonObject, resource: ReceivedResource, scope: ReceivedScope): ReceivedLog {
  return {
    timeUnixNano: asNanoseconds(log["timeUnixNano"]),
    observedTimeUnixNano: asNanoseconds(log["observedTimeUnixNano"]),
    severityNumber: asNumber(log["severityNumber"]),
    severityText: asText(log["severityText"]),
    body: toValue(log["body"]),
    eventName: asText(log["eventName"]),
    attributes: toAttributes(log["attributes"]),
    droppedAttributesCount: asNumber(log["droppedAttributesCount"]),
    traceId: asText(log["traceId"]),
    spanId: asText(log["spanId"]),
    flags: asNumber(log["flags"]),
    resource,
    scope,
  };
}

const metricTypes = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"] as const;
const temporalities = ["unspecified", "delta", "cumulative"] as const;

function toMetric(
  metric: JsonObject,
  resource: ReceivedResource,
  scope: ReceivedScope,
): ReceivedMetric {
  const type = metricTypes.find((name) => metric[name] !== undefined) ?? "gauge";
  const data = asObject(metric[type]);
  return {
    name: asText(metric["name"]),
    description: asText(metric["description"]),
    unit: asText(metric["unit"]),
    type,
    temporality: temporalities[asNumber(data["aggregationTemporality"])] ?? "unspecified",
    monotonic: data["isMonotonic"] === true,
    points: asList(data["dataPoints"]).map(toPoint),
    resource,
    scope,
  };
}

function toPoint(point: JsonObject): ReceivedPoint {
  return {
    attributes: toAttributes(point["attributes"]),
    startTimeUnixNano: asText(point["startTimeUnixNano"]),
    timeUnixNano: asText(point["timeUnixNano"]),
    value: asOptionalNumber(point["asDouble"] ?? point["asInt"]),
    count: asOptionalNumber(point["count"]),
    sum: asOptionalNumber(point["sum"]),
    min: asOptionalNumber(point["min"]),
    max: asOptionalNumber(point["max"]),
    bounds: asNumbers(point["explicitBounds"]),
    buckets: asNumbers(point["bucketCounts"]),
    ...(point["quantileValues"] !== undefined && {
      quantiles: asList(point["quantileValues"]).map(({ quantile, value }) => ({
        quantile: asNumber(quantile),
        value: asNumber(value),
      })),
    }),
    exemplars: asList(point["exemplars"]).map((exemplar) => ({
      traceId: asText(exemplar["traceId"]),
      spanId: asText(exemplar["spanId"]),
      value: asNumber(exemplar["asDouble"] ?? exemplar["asInt"]),
      attributes: toAttributes(exemplar["filteredAttributes"]),
    })),
  };
}
