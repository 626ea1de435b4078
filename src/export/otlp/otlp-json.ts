import { toUSVString } from "node:util";
import type { AnyValue, Attributes, HrTime, Link } from "@opentelemetry/api";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import {
  MAX_VALUE_DEPTH,
  type EncodedItem,
  type ItemEncoder,
  spanFlagsOf,
  groupByScope,
  isValidOtlpTime,
  type TelemetryItem,
  LIST_DEPTH_COST,
  MAP_DEPTH_COST,
  type OtlpScope,
  traceStateText,
} from "./encoded-item.ts";

/*
 * Encodes the same messages as `otlp-protobuf.ts` in OTLP's JSON: names in
 * lowerCamelCase, enumerations as numbers, ids in hexadecimal, and otherwise
 * protobuf's JSON mapping, in which 64-bit integers, NaN and the infinities are
 * strings. The SDK's serializer writes `null` for those, and an `intValue` for a
 * number like 2^70.
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 * https://protobuf.dev/programming-guides/json/
 */

export const spans: ItemEncoder<ReadableSpan> = {
  encode: (span) => encodeItem(span, spanMessage(span)),
  encodeRequest: (items) => encodeRequest(items, "resourceSpans", "scopeSpans", "spans"),
};

export const logRecords: ItemEncoder<ReadableLogRecord> = {
  encode: (record) => encodeItem(record, recordMessage(record)),
  encodeRequest: (items) => encodeRequest(items, "resourceLogs", "scopeLogs", "logRecords"),
};

function encodeItem(
  { resource, instrumentationScope: scope }: TelemetryItem,
  message: object,
): EncodedItem {
  const bytes = Buffer.from(stringify(message));
  return { buffer: { bytes, release: noop }, from: 0, to: bytes.length, resource, scope };
}

function encodeRequest(
  items: readonly EncodedItem[],
  byResource: string,
  byScope: string,
  name: string,
): Uint8Array {
  const resources = Array.from(groupByScope(items), ([resource, scopes]) => {
    const parts = Array.from(scopes, ([scope, members]) =>
      appendList(
        { scope: scopeMessage(scope), schemaUrl: scope.schemaUrl },
        name,
        members.map(({ buffer }) => buffer.bytes.toString()),
      ),
    );
    const attributes = keyValuesOf(resource.attributes);
    return appendList({ resource: { attributes }, schemaUrl: resource.schemaUrl }, byScope, parts);
  });
  return Buffer.from(`{"${byResource}":[${resources.join()}]}`);
}

function noop(): void {}

/** Returns `message` with one more member: a list of texts that are JSON already. */
function appendList(message: object, name: string, list: readonly string[]): string {
  return `${stringify(message).slice(0, -1)},"${name}":[${list.join()}]}`;
}

/** Replaces lone surrogates, which UTF-8 cannot encode, and at whose escape some JSON parsers fail. */
function stringify(message: object): string {
  const text = JSON.stringify(message);
  return text.includes("\\ud") ? JSON.stringify(message, replaceLoneSurrogates) : text;
}

function replaceLoneSurrogates(_key: string, value: unknown): unknown {
  return typeof value === "string" ? toUSVString(value) : value;
}

function scopeMessage({ name, version, attributes = {} }: OtlpScope): object {
  return { name, version, attributes: keyValuesOf(attributes) };
}

function spanMessage(span: ReadableSpan): object {
  const context = span.spanContext();
  const parent = span.parentSpanContext;
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    traceState: traceStateText(context.traceState) || undefined,
    parentSpanId: parent?.spanId,
    name: span.name,
    // `SpanKind` of OTLP starts with "unspecified", which the API's does not have.
    kind: span.kind + 1,
    startTimeUnixNano: nanosOf(span.startTime),
    endTimeUnixNano: nanosOf(span.endTime),
    attributes: keyValuesOf(span.attributes),
    droppedAttributesCount: span.droppedAttributesCount,
    events: span.events.map(({ name, time, attributes = {}, droppedAttributesCount }) => ({
      name,
      timeUnixNano: nanosOf(time),
      attributes: keyValuesOf(attributes),
      droppedAttributesCount,
    })),
    droppedEventsCount: span.droppedEventsCount,
    links: span.links.map(linkMessage),
    droppedLinksCount: span.droppedLinksCount,
    status: span.status,
    flags: spanFlagsOf(context.traceFlags, parent?.isRemote === true),
  };
}

function linkMessage({ context, attributes = {}, droppedAttributesCount }: Link): object {
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    traceState: traceStateText(context.traceState) || undefined,
    attributes: keyValuesOf(attributes),
    droppedAttributesCount,
    flags: spanFlagsOf(context.traceFlags, context.isRemote === true),
  };
}

function recordMessage(record: ReadableLogRecord): object {
  const { spanContext } = record;
  return {
    timeUnixNano: nanosOf(record.hrTime),
    observedTimeUnixNano: nanosOf(record.hrTimeObserved),
    severityNumber: record.severityNumber,
    severityText: record.severityText,
    body: anyValueOf(record.body),
    eventName: record.eventName,
    attributes: keyValuesOf(record.attributes),
    droppedAttributesCount: record.droppedAttributesCount,
    traceId: spanContext?.traceId,
    spanId: spanContext?.spanId,
    flags: spanContext?.traceFlags,
  };
}

/** Returns nanoseconds since 1970 as digits, which exceed the precision of a number. */
function nanosOf(time: HrTime): string {
  if (!isValidOtlpTime(time[0])) return "0";
  const [seconds, nanos] = time;
  return seconds === 0 ? `${nanos}` : `${seconds}${`${nanos}`.padStart(9, "0")}`;
}

function keyValuesOf(attributes: Attributes, depth = 0): object[] {
  return Object.keys(attributes).map((key) => ({ key, value: anyValueOf(attributes[key], depth) }));
}

/** Returns an `AnyValue`, which is empty for an unsupported value. */
function anyValueOf(value: AnyValue | undefined, depth = 0): object {
  switch (typeof value) {
    case "string":
      return { stringValue: value };
    case "boolean":
      return { boolValue: value };
    case "number":
      if (Object.is(value, -0)) return { doubleValue: "-0" };
      if (Number.isSafeInteger(value)) return { intValue: `${value}` };
      return { doubleValue: Number.isFinite(value) ? value : `${value}` };
    case "bigint":
      return { intValue: `${value}` };
    case "object":
      return value === null ? {} : objectValueOf(value, depth);
    default:
      return {};
  }
}

function objectValueOf(value: object, depth: number): object {
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString("base64") };
  const isList = Array.isArray(value);
  const innerDepth = depth + (isList ? LIST_DEPTH_COST : MAP_DEPTH_COST);
  if (innerDepth > MAX_VALUE_DEPTH) return {};
  if (isList) {
    return { arrayValue: { values: value.map((item: AnyValue) => anyValueOf(item, innerDepth)) } };
  }
  return { kvlistValue: { values: keyValuesOf(value as Attributes, innerDepth) } };
}
