import type { Attributes, AttributeValue, HrTime } from "@opentelemetry/api";
import { ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import type { MetricData, ResourceMetrics, ScopeMetrics } from "@opentelemetry/sdk-metrics";
import { type SummaryPoint, summaryPointsOf } from "../summary-data.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";

/*
 * Encodes summaries as OTLP. Field numbers are those of opentelemetry-proto 1.x; a tag is
 * `number << 3 | type` with the types varint 0, 64 bit 1, length-delimited 2.
 * https://github.com/open-telemetry/opentelemetry-proto
 */

/** Two requests one after the other are one request in protobuf, with the items of both. */
export function appendToProtobuf(request: Uint8Array, summaries: ResourceMetrics): Uint8Array {
  const writer = new ProtobufWriter(4096);
  const message = writer.beginMessage(0x0a);
  writer.rawField(resourceFields(summaries));
  for (const part of summaries.scopeMetrics) writeScopeMetrics(writer, part);
  writer.endMessage(message);
  return Buffer.concat([request, writer.view()]);
}

/** Returns the encoded resource and its schema, as the SDK writes them for a request without metrics. */
function resourceFields({ resource }: ResourceMetrics): Uint8Array {
  const request =
    ProtobufMetricsSerializer.serializeRequest({ resource, scopeMetrics: [] }) ?? new Uint8Array(2);
  // After the tag comes the length, of which the last byte is below 128.
  return request.subarray(2 + request.subarray(1).findIndex((byte) => byte < 128));
}

function writeScopeMetrics(writer: ProtobufWriter, { scope, metrics }: ScopeMetrics): void {
  const message = writer.beginMessage(0x12);
  const head = writer.beginMessage(0x0a);
  writer.string(0x0a, scope.name);
  if (scope.version) writer.string(0x12, scope.version);
  writer.endMessage(head);
  for (const metric of metrics) writeMetric(writer, metric);
  if (scope.schemaUrl) writer.string(0x1a, scope.schemaUrl);
  writer.endMessage(message);
}

function writeMetric(writer: ProtobufWriter, metric: MetricData): void {
  const { name, description, unit } = metric.descriptor;
  const message = writer.beginMessage(0x12);
  writer.string(0x0a, name);
  writer.string(0x12, description);
  writer.string(0x1a, unit);
  const summary = writer.beginMessage(0x5a);
  for (const point of summaryPointsOf(metric)) writePoint(writer, point);
  writer.endMessage(summary);
  writer.endMessage(message);
}

function writePoint(writer: ProtobufWriter, point: SummaryPoint): void {
  const { count, sum, quantiles } = point.value;
  const message = writer.beginMessage(0x0a);
  writer.hrTime(0x11, point.startTime);
  writer.hrTime(0x19, point.endTime);
  writer.rawField(fixed64(0x21, count));
  writer.double(0x29, sum);
  for (const { quantile, value } of quantiles) {
    const one = writer.beginMessage(0x32);
    writer.double(0x09, quantile);
    writer.double(0x11, value);
    writer.endMessage(one);
  }
  for (const [key, value] of Object.entries(point.attributes)) {
    const pair = writer.beginMessage(0x3a);
    writer.string(0x0a, key);
    const content = writer.beginMessage(0x12);
    writeValue(writer, value);
    writer.endMessage(content);
    writer.endMessage(pair);
  }
  writer.endMessage(message);
}

function writeValue(writer: ProtobufWriter, value: AttributeValue): void {
  if (typeof value === "boolean") writer.uint(0x10, value ? 1 : 0);
  else if (Number.isSafeInteger(value)) writer.int(0x18, value as number);
  else if (typeof value === "number") writer.double(0x21, value);
  else writer.string(0x0a, textOf(value));
}

function fixed64(tag: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(9, tag);
  bytes.writeBigUInt64LE(BigInt(value), 1);
  return bytes;
}

interface JsonRequest {
  readonly resourceMetrics: readonly [{ readonly scopeMetrics: object[] }];
}

/** Appends summaries to a request for one resource. */
export function appendToJson(request: Uint8Array, summaries: readonly ScopeMetrics[]): Uint8Array {
  const json = JSON.parse(Buffer.from(request).toString()) as JsonRequest;
  for (const { scope, metrics } of summaries) {
    json.resourceMetrics[0].scopeMetrics.push({
      scope: { name: scope.name, version: scope.version },
      schemaUrl: scope.schemaUrl,
      metrics: metrics.map((metric) => ({
        name: metric.descriptor.name,
        description: metric.descriptor.description,
        unit: metric.descriptor.unit,
        summary: { dataPoints: summaryPointsOf(metric).map(jsonPoint) },
      })),
    });
  }
  return Buffer.from(JSON.stringify(json));
}

function jsonPoint({ attributes, startTime, endTime, value }: SummaryPoint): object {
  return {
    attributes: jsonAttributes(attributes),
    startTimeUnixNano: nanoseconds(startTime),
    timeUnixNano: nanoseconds(endTime),
    count: value.count,
    sum: value.sum,
    quantileValues: value.quantiles,
  };
}

function nanoseconds([seconds, nanos]: HrTime): string {
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
}

function jsonAttributes(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: jsonValue(value) }));
}

function jsonValue(value: AttributeValue): object {
  if (typeof value === "boolean") return { boolValue: value };
  if (Number.isSafeInteger(value)) return { intValue: value };
  if (typeof value === "number") return { doubleValue: value };
  return { stringValue: textOf(value) };
}

/** Lists and maps as JSON, as on the Prometheus page. */
function textOf(value: AttributeValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
