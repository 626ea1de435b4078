import type { AnyValue, Attributes, HrTime, Link } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import {
  type CachedAttributes,
  MAX_VALUE_DEPTH,
  type EncodedItem,
  type ItemEncoder,
  spanFlagsOf,
  groupByScope,
  isValidOtlpTime,
  type TelemetryItem,
  LIST_DEPTH_COST,
  MAP_DEPTH_COST,
  type FlatAttributes,
  type OtlpScope,
  traceStateText,
} from "./encoded-item.ts";
import { BufferPool } from "./buffer-pool.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";

/*
 * Encodes spans and log records as OTLP protobuf, directly from what processors and
 * exporters receive. Field numbers and types are those of opentelemetry-proto 1.x; a
 * tag is `number << 3 | type` with the types varint 0, 64 bit 1, length-delimited 2,
 * 32 bit 5. https://github.com/open-telemetry/opentelemetry-proto
 *
 * All functions below write to `writer`, which the two entry points set: `encodeItem`
 * to the writer of a pooled buffer, `encodeRequest` to that of a request. Neither is
 * ever active inside the other. It is a variable of the module instead of a parameter
 * because this is the most expensive part of a traced request, with some forty calls
 * per span.
 */

export const spans: ItemEncoder<ReadableSpan> = {
  encode: (span) => encodeItem(span, writeSpan),
  encodeRequest,
};

export const logRecords: ItemEncoder<ReadableLogRecord> = {
  encode: (record) => encodeItem(record, writeRecord),
  encodeRequest,
};

/**
 * Encodes a span with another resource, and with attributes that are not its own, names and
 * values in turn; of two with the same name, receivers use the later one.
 */
export function encodeSpanWith(
  span: ReadableSpan,
  resource: Resource,
  pairs: FlatAttributes | undefined,
): EncodedItem {
  addedPairs = pairs;
  return encodeItem(span, writeSpanWithPairs, resource);
}

/** Encodes a log record with another resource. */
export function encodeRecordWith(record: ReadableLogRecord, resource: Resource): EncodedItem {
  return encodeItem(record, writeRecord, resource);
}

let addedPairs: FlatAttributes | undefined;

function writeSpanWithPairs(span: ReadableSpan): void {
  writeSpan(span);
  if (addedPairs !== undefined) writePairs(0x4a, addedPairs);
}

/** Encodes an item as a field of its scope's message, right after the previous one, so that adjacent items are copied in one call. */
function encodeItem<One extends TelemetryItem>(
  item: One,
  write: (item: One) => void,
  resource: Resource = item.resource,
): EncodedItem {
  const buffer = bufferPool.acquire();
  writer = buffer.writer;
  const from = writer.position;
  // Most are longer than 127 bytes.
  const message = writer.beginMessage(0x12, 2);
  write(item);
  writer.endMessage(message, 2);
  const { instrumentationScope: scope } = item;
  buffer.unreleased++;
  return { buffer, from, to: writer.position, resource, scope };
}

/** Encodes a request; the field numbers of resource, scope and items are the same in both signals. */
function encodeRequest(items: readonly EncodedItem[]): Uint8Array {
  writer = freeWriters.pop() ?? new ProtobufWriter(INITIAL_CAPACITY);
  for (const [resource, scopes] of groupByScope(items)) {
    const start = writer.beginMessage(0x0a);
    writeResource(resource);
    for (const [scope, members] of scopes) writeScope(scope, members);
    if (resource.schemaUrl !== undefined) writer.string(0x1a, resource.schemaUrl);
    writer.endMessage(start);
  }
  return writer.view();
}

/** Recycles the bytes of a request that is not read any more. */
export function recycle({ buffer }: Uint8Array): void {
  if (freeWriters.length < MAX_FREE_WRITERS && buffer.byteLength <= MAX_RECYCLED_BYTES)
    freeWriters.push(new ProtobufWriter(buffer));
}

/**
 * A span that offers its data without creating the objects of a `ReadableSpan`, and
 * its attributes in parts.
 */
export interface EncodableSpan {
  /** Returns undefined if the parts do not add up to `attributes`. */
  attributeParts(): AttributeParts | undefined;
  /** Milliseconds since 1970, with fractions; or an exact pair. */
  readonly startedAtMs: number | HrTime;
  readonly endedAtMs: number | HrTime;
  /** Whether there are no events and no links, and none were dropped. */
  readonly hasNoEventsOrLinks: boolean;
}

export interface AttributeParts {
  readonly cachedParts: readonly CachedAttributes[];
  readonly ownPairs: FlatAttributes;
}

/** A log record that offers its data in the same way. */
export interface EncodableRecord {
  readonly occurredAt: HrTime | number;
  readonly observedTimestamp: HrTime | number;
  /** Returns all its attributes; undefined if a name would appear twice. */
  attributePairs(): FlatAttributes | undefined;
}

const INITIAL_CAPACITY = 64 * 1024;
/** Larger buffers, which exceptional requests need, are not recycled. */
const MAX_RECYCLED_BYTES = 4 * 1024 * 1024;
/** Each signal has at most one request in flight. */
const MAX_FREE_WRITERS = 2;
/** Writers for later requests. A new writer for each request would allocate 300 KB every time. */
const freeWriters: ProtobufWriter[] = [];

const bufferPool = new BufferPool();

/** The writer of the item or request that is being encoded; see above. */
let writer = new ProtobufWriter(0);

function writeResource({ attributes }: Resource): void {
  const message = writer.beginMessage(0x0a);
  writeAttributes(0x0a, attributes);
  writer.endMessage(message);
}

function writeScope(scope: OtlpScope, items: readonly EncodedItem[]): void {
  const message = writer.beginMessage(0x12);
  const head = writer.beginMessage(0x0a);
  writer.string(0x0a, scope.name);
  if (scope.version) writer.string(0x12, scope.version);
  if (scope.attributes !== undefined) writeAttributes(0x1a, scope.attributes);
  writer.endMessage(head);
  writeItems(items);
  if (scope.schemaUrl) writer.string(0x1a, scope.schemaUrl);
  writer.endMessage(message);
}

function writeItems(items: readonly EncodedItem[]): void {
  for (let at = 0; at < items.length; at++) {
    const first = items[at]!;
    let { to } = first;
    for (let next = items[at + 1]; next?.buffer === first.buffer && next.from === to;) {
      to = next.to;
      at++;
      next = items[at + 1];
    }
    writer.rawFields(first.buffer.bytes, first.from, to);
  }
}

function writeSpan(span: ReadableSpan & Partial<EncodableSpan>): void {
  const { traceId, spanId, traceState, traceFlags } = span.spanContext();
  const parent = span.parentSpanContext;
  writer.hexBytes(0x0a, traceId);
  writer.hexBytes(0x12, spanId);
  const state = traceStateText(traceState);
  if (state !== "") writer.string(0x1a, state);
  if (parent?.spanId) writer.hexBytes(0x22, parent.spanId);
  writer.rawField(encodedName(span.name));
  // `SpanKind` of OTLP starts with "unspecified", which the API's does not have.
  writer.uint(0x30, span.kind + 1);
  writeTime(0x39, span.startedAtMs ?? span.startTime);
  writeTime(0x41, span.endedAtMs ?? span.endTime);
  writeSpanAttributes(span);
  writeCount(0x50, span.droppedAttributesCount);
  if (span.hasNoEventsOrLinks !== true) writeEventsAndLinks(span);
  if (span.status.code !== 0) {
    const message = writer.beginMessage(0x7a);
    if (span.status.message) writer.string(0x12, span.status.message);
    writer.uint(0x18, span.status.code);
    writer.endMessage(message);
  }
  writer.fixed32(0x85, spanFlagsOf(traceFlags, parent?.isRemote === true));
}

function writeEventsAndLinks(span: ReadableSpan): void {
  for (const event of span.events) {
    const message = writer.beginMessage(0x5a);
    writeTime(0x09, event.time);
    writer.string(0x12, event.name);
    if (event.attributes !== undefined) writeAttributes(0x1a, event.attributes);
    writeCount(0x20, event.droppedAttributesCount ?? 0);
    writer.endMessage(message);
  }
  writeCount(0x60, span.droppedEventsCount);
  for (const link of span.links) writeLink(link);
  writeCount(0x70, span.droppedLinksCount);
}

function writeSpanAttributes(span: ReadableSpan & Partial<EncodableSpan>): void {
  const parts = span.attributeParts?.();
  if (parts === undefined) {
    writeAttributes(0x4a, span.attributes);
    return;
  }
  for (const part of parts.cachedParts) writer.rawField((part.encoded ??= encodeAttributes(part)));
  writePairs(0x4a, parts.ownPairs);
}

function encodeAttributes({ attributes }: CachedAttributes): Uint8Array {
  const start = writer.position;
  writeAttributes(0x4a, attributes);
  return writer.extractFrom(start);
}

function writeLink({ context, attributes, droppedAttributesCount }: Link): void {
  const message = writer.beginMessage(0x6a);
  writer.hexBytes(0x0a, context.traceId);
  writer.hexBytes(0x12, context.spanId);
  const state = traceStateText(context.traceState);
  if (state !== "") writer.string(0x1a, state);
  if (attributes !== undefined) writeAttributes(0x22, attributes);
  writeCount(0x28, droppedAttributesCount ?? 0);
  writer.fixed32(0x35, spanFlagsOf(context.traceFlags, context.isRemote === true));
  writer.endMessage(message);
}

function writeRecord(record: ReadableLogRecord & Partial<EncodableRecord>): void {
  const { spanContext, severityNumber, severityText, eventName } = record;
  // First, since this reads a timestamp that sets `occurredAt`.
  const pairs = record.attributePairs?.();
  writeTime(0x09, record.occurredAt ?? record.hrTime);
  if (severityNumber !== undefined && severityNumber !== 0) writer.uint(0x10, severityNumber);
  if (severityText) writer.rawField(encodedSeverity(severityText));
  if (record.body !== undefined) {
    const message = writer.beginMessage(0x2a);
    writeValue(record.body);
    writer.endMessage(message);
  }
  if (pairs === undefined) writeAttributes(0x32, record.attributes);
  else writePairs(0x32, pairs);
  writeCount(0x38, record.droppedAttributesCount);
  if (spanContext !== undefined) {
    if (spanContext.traceFlags) writer.fixed32(0x45, spanContext.traceFlags);
    writer.hexBytes(0x4a, spanContext.traceId);
    writer.hexBytes(0x52, spanContext.spanId);
  }
  writeTime(0x59, record.observedTimestamp ?? record.hrTimeObserved);
  if (eventName) writer.string(0x62, eventName);
}

function writeTime(tag: number, time: HrTime | number): void {
  if (typeof time !== "number") {
    if (isValidOtlpTime(time[0])) writer.hrTime(tag, time);
  } else if (isValidOtlpTime(time / 1000)) writer.epochMs(tag, time);
}

function writeCount(tag: number, count: number): void {
  if (count > 0) writer.uint(tag, count);
}

function writeAttributes(tag: number, attributes: Attributes): void {
  for (const key in attributes) {
    if (Object.hasOwn(attributes, key)) writeAttribute(tag, key, attributes[key]);
  }
}

function writePairs(tag: number, pairs: FlatAttributes): void {
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    writeAttribute(tag, pairs[at] as string, pairs[at + 1]);
  }
}

function writeAttribute(tag: number, name: string, value: AnyValue | undefined): void {
  const key = encodedKey(name);
  if (typeof value === "string" && writer.shortStringAttribute(tag, key, value)) return;
  const message = writer.beginMessage(tag);
  writer.rawField(key);
  const content = writer.beginMessage(0x12);
  writeValue(value);
  writer.endMessage(content);
  writer.endMessage(message);
}

/** Caches the encoded texts of one field, which are few unless an app generates them. */
function createTextCache(tag: number): (text: string) => Uint8Array {
  const encodedTexts = new Map<string, Uint8Array>();
  /** Indexed by length: most texts differ in length, and a look-up in the map takes a hundred instructions. */
  const recent: string[] = [];
  const recentEncoded: Uint8Array[] = [];
  return (text) => {
    const { length } = text;
    if (recent[length] === text) return recentEncoded[length]!;
    const known = encodedTexts.get(text);
    if (known !== undefined) {
      if (length < MAX_RECENT_LENGTH) {
        recent[length] = text;
        recentEncoded[length] = known;
      }
      return known;
    }
    textWriter.reset();
    textWriter.string(tag, text);
    const encoded = textWriter.toBytes();
    if (encodedTexts.size < MAX_CACHED_TEXTS && text.length <= MAX_CACHED_LENGTH)
      encodedTexts.set(text, encoded);
    return encoded;
  };
}

const MAX_CACHED_TEXTS = 2000;
const MAX_RECENT_LENGTH = 64;
const MAX_CACHED_LENGTH = 200;
const textWriter = new ProtobufWriter(1024);

const encodedKey = createTextCache(0x0a);
const encodedName = createTextCache(0x2a);
const encodedSeverity = createTextCache(0x1a);

/** Writes an `AnyValue`, whose message the caller has begun; an unsupported value leaves it empty. */
function writeValue(value: AnyValue | undefined, depth = 0): void {
  switch (typeof value) {
    case "string":
      writer.string(0x0a, value);
      return;
    case "boolean":
      writer.uint(0x10, value ? 1 : 0);
      return;
    case "number":
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) writer.int(0x18, value);
      else writer.double(0x21, value);
      return;
    case "bigint":
      writer.int64(0x18, value);
      return;
    case "object":
      if (value !== null) writeObject(value, depth);
      return;
    default:
  }
}

function writeObject(value: object, depth: number): void {
  if (value instanceof Uint8Array) {
    writer.bytes(0x3a, value);
    return;
  }
  const isList = Array.isArray(value);
  const innerDepth = depth + (isList ? LIST_DEPTH_COST : MAP_DEPTH_COST);
  if (innerDepth > MAX_VALUE_DEPTH) return;
  const message = writer.beginMessage(isList ? 0x2a : 0x32);
  if (isList) for (const item of value as AnyValue[]) writeItem(item, innerDepth);
  else
    for (const [key, item] of Object.entries(value)) writePair(key, item as AnyValue, innerDepth);
  writer.endMessage(message);
}

function writeItem(item: AnyValue | undefined, depth: number): void {
  const message = writer.beginMessage(0x0a);
  writeValue(item, depth);
  writer.endMessage(message);
}

function writePair(key: string, item: AnyValue | undefined, depth: number): void {
  const message = writer.beginMessage(0x0a);
  writer.string(0x0a, key);
  const value = writer.beginMessage(0x12);
  writeValue(item, depth);
  writer.endMessage(value);
  writer.endMessage(message);
}
