import { toUSVString } from "node:util";
import type { AnyValue, Attributes, HrTime, Link } from "@opentelemetry/api";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import {
  DEEPEST,
  type EncodedItem,
  type Encoding,
  flagsOf,
  grouped,
  isInRange,
  type Item,
  LIST_DEPTH,
  MAP_DEPTH,
  type Scope,
  stateOf,
} from "./encoded-item.ts";

/*
 * The same messages as in `messages.ts` in OTLP's JSON: names in lowerCamelCase,
 * enumerations as numbers, ids in hexadecimal, and else protobuf's JSON mapping,
 * in which 64-bit whole numbers are texts, and so are NaN and the infinities. The
 * SDK's writer makes `null` of those, and of a number like 2^70 an `intValue`.
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 * https://protobuf.dev/programming-guides/json/
 */

export const spans: Encoding<ReadableSpan> = {
  encode: (span) => itemOf(span, spanMessage(span)),
  requestOf: (items) => requestOf(items, "resourceSpans", "scopeSpans", "spans"),
};

export const logRecords: Encoding<ReadableLogRecord> = {
  encode: (record) => itemOf(record, recordMessage(record)),
  requestOf: (items) => requestOf(items, "resourceLogs", "scopeLogs", "logRecords"),
};

function itemOf({ resource, instrumentationScope: scope }: Item, message: object): EncodedItem {
  const written = Buffer.from(textOf(message));
  return { page: { written, release: nothing }, from: 0, to: written.length, resource, scope };
}

function requestOf(
  items: readonly EncodedItem[],
  byResource: string,
  byScope: string,
  name: string,
): Uint8Array {
  const resources = Array.from(grouped(items), ([resource, scopes]) => {
    const parts = Array.from(scopes, ([scope, members]) =>
      withList(
        { scope: scopeMessage(scope), schemaUrl: scope.schemaUrl },
        name,
        members.map(({ page }) => page.written.toString()),
      ),
    );
    const attributes = pairsOf(resource.attributes);
    return withList({ resource: { attributes }, schemaUrl: resource.schemaUrl }, byScope, parts);
  });
  return Buffer.from(`{"${byResource}":[${resources.join()}]}`);
}

function nothing(): void {}

/** `message` with one more member: a list of what is JSON already. */
function withList(message: object, name: string, list: readonly string[]): string {
  return `${textOf(message).slice(0, -1)},"${name}":[${list.join()}]}`;
}

/** Half of a surrogate pair is no text in UTF-8, and some readers of JSON stop at its escape. */
function textOf(message: object): string {
  const text = JSON.stringify(message);
  return text.includes("\\ud") ? JSON.stringify(message, wholeText) : text;
}

function wholeText(_key: string, value: unknown): unknown {
  return typeof value === "string" ? toUSVString(value) : value;
}

function scopeMessage({ name, version, attributes = {} }: Scope): object {
  return { name, version, attributes: pairsOf(attributes) };
}

function spanMessage(span: ReadableSpan): object {
  const context = span.spanContext();
  const parent = span.parentSpanContext;
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    traceState: stateOf(context.traceState) || undefined,
    parentSpanId: parent?.spanId,
    name: span.name,
    // `SpanKind` of OTLP begins with "unspecified", that of the API doesn't have it.
    kind: span.kind + 1,
    startTimeUnixNano: nanosOf(span.startTime),
    endTimeUnixNano: nanosOf(span.endTime),
    attributes: pairsOf(span.attributes),
    droppedAttributesCount: span.droppedAttributesCount,
    events: span.events.map(({ name, time, attributes = {}, droppedAttributesCount }) => ({
      name,
      timeUnixNano: nanosOf(time),
      attributes: pairsOf(attributes),
      droppedAttributesCount,
    })),
    droppedEventsCount: span.droppedEventsCount,
    links: span.links.map(linkMessage),
    droppedLinksCount: span.droppedLinksCount,
    status: span.status,
    flags: flagsOf(context.traceFlags, parent?.isRemote === true),
  };
}

function linkMessage({ context, attributes = {}, droppedAttributesCount }: Link): object {
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    traceState: stateOf(context.traceState) || undefined,
    attributes: pairsOf(attributes),
    droppedAttributesCount,
    flags: flagsOf(context.traceFlags, context.isRemote === true),
  };
}

function recordMessage(record: ReadableLogRecord): object {
  const { spanContext } = record;
  return {
    timeUnixNano: nanosOf(record.hrTime),
    observedTimeUnixNano: nanosOf(record.hrTimeObserved),
    severityNumber: record.severityNumber,
    severityText: record.severityText,
    body: valueOf(record.body),
    eventName: record.eventName,
    attributes: pairsOf(record.attributes),
    droppedAttributesCount: record.droppedAttributesCount,
    traceId: spanContext?.traceId,
    spanId: spanContext?.spanId,
    flags: spanContext?.traceFlags,
  };
}

/** Nanoseconds since 1970 as digits: a number doesn't hold them all. */
function nanosOf(time: HrTime): string {
  if (!isInRange(time[0])) return "0";
  const [seconds, nanos] = time;
  return seconds === 0 ? `${nanos}` : `${seconds}${`${nanos}`.padStart(9, "0")}`;
}

function pairsOf(attributes: Attributes, depth = 0): object[] {
  return Object.keys(attributes).map((key) => ({ key, value: valueOf(attributes[key], depth) }));
}

/** `AnyValue`; a value it can't hold leaves it empty. */
function valueOf(value: AnyValue | undefined, depth = 0): object {
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
      return value === null ? {} : objectOf(value, depth);
    default:
      return {};
  }
}

function objectOf(value: object, depth: number): object {
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString("base64") };
  const isList = Array.isArray(value);
  const inside = depth + (isList ? LIST_DEPTH : MAP_DEPTH);
  if (inside > DEEPEST) return {};
  if (isList) {
    return { arrayValue: { values: value.map((item: AnyValue) => valueOf(item, inside)) } };
  }
  return { kvlistValue: { values: pairsOf(value as Attributes, inside) } };
}
