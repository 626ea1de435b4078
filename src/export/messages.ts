import type { AnyValue, Attributes, HrTime, Link } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import {
  type AttributePart,
  DEEPEST,
  type EncodedItem,
  type Encoding,
  flagsOf,
  grouped,
  isInRange,
  type Item,
  LIST_DEPTH,
  MAP_DEPTH,
  type NamesAndValues,
  type Scope,
  stateOf,
} from "./encoded-item.ts";
import { openPage } from "./wire-page.ts";
import { Wire } from "./wire.ts";

/*
 * The messages of OTLP that we send most, straight from what processors and
 * exporters are handed. Field numbers and types are those of opentelemetry-proto
 * 1.x; a tag is `number << 3 | type` with the types varint 0, 64 bit 1,
 * length-delimited 2, 32 bit 5.
 * https://github.com/open-telemetry/opentelemetry-proto
 */

export const spans: Encoding<ReadableSpan> = {
  encode: (span) => encoded(span, writeSpan),
  requestOf,
};

export const logRecords: Encoding<ReadableLogRecord> = {
  encode: (record) => encoded(record, writeRecord),
  requestOf,
};

/** As the field that it is of its scope's message, next to the item before: neighbours are copied at one go. */
function encoded<One extends Item>(item: One, write: (item: One) => void): EncodedItem {
  const page = openPage();
  wire = page.wire;
  const from = wire.position;
  // Most are longer than 127 bytes.
  const message = wire.open(0x12, 2);
  write(item);
  wire.close(message, 2);
  const { resource, instrumentationScope: scope } = item;
  page.waiting++;
  return { page, from, to: wire.position, resource, scope };
}

/** In the requests of both signals resource, scope and items sit in fields of the same numbers. */
function requestOf(items: readonly EncodedItem[]): Uint8Array {
  wire = spare.pop() ?? new Wire(CAPACITY);
  for (const [resource, scopes] of grouped(items)) {
    const start = wire.open(0x0a);
    writeResource(resource);
    for (const [scope, members] of scopes) writeScope(scope, members);
    if (resource.schemaUrl !== undefined) wire.text(0x1a, resource.schemaUrl);
    wire.close(start);
  }
  return wire.view();
}

/** Takes the bytes of a request that nobody reads again. */
export function reuse({ buffer }: Uint8Array): void {
  if (spare.length < MOST_SPARE && buffer.byteLength <= LARGEST_KEPT) spare.push(new Wire(buffer));
}

/**
 * A span that tells without the shapes of a `ReadableSpan`, which are made anew
 * for each reader, and whose attributes come in parts.
 */
export interface PartedSpan {
  /** Undefined where the parts don't add up to `attributes`. */
  attributeParts(): AttributeParts | undefined;
  /** Milliseconds since 1970, with fractions; or a pair that is exact. */
  readonly startedAtMs: number | HrTime;
  readonly endedAtMs: number | HrTime;
  /** Whether there are no events and no links, and none were dropped. */
  readonly isPlain: boolean;
}

export interface AttributeParts {
  readonly shared: readonly AttributePart[];
  readonly own: NamesAndValues;
}

/** The same of a log record. */
export interface PartedRecord {
  readonly at: HrTime | number;
  readonly observedAt: HrTime | number;
  /** All its attributes; undefined where a name would stand there twice. */
  attributePairs(): NamesAndValues | undefined;
}

const CAPACITY = 64 * 1024;
/** Grown ones stay, unless that was an exception. */
const LARGEST_KEPT = 4 * 1024 * 1024;
/** One for each signal is under way at a time. */
const MOST_SPARE = 2;
/** For requests to come. A new one for each would be 300 KB of fresh memory every time. */
const spare: Wire[] = [];

/** The one that is written to: the page of items, or the request. */
let wire = new Wire(0);

function writeResource({ attributes }: Resource): void {
  const message = wire.open(0x0a);
  writeAttributes(0x0a, attributes);
  wire.close(message);
}

function writeScope(scope: Scope, items: readonly EncodedItem[]): void {
  const message = wire.open(0x12);
  const head = wire.open(0x0a);
  wire.text(0x0a, scope.name);
  if (scope.version) wire.text(0x12, scope.version);
  if (scope.attributes !== undefined) writeAttributes(0x1a, scope.attributes);
  wire.close(head);
  writeItems(items);
  if (scope.schemaUrl) wire.text(0x1a, scope.schemaUrl);
  wire.close(message);
}

function writeItems(items: readonly EncodedItem[]): void {
  for (let at = 0; at < items.length; at++) {
    const first = items[at]!;
    let { to } = first;
    for (let next = items[at + 1]; next?.page === first.page && next.from === to;) {
      to = next.to;
      at++;
      next = items[at + 1];
    }
    wire.copy(first.page.written, first.from, to);
  }
}

function writeSpan(span: ReadableSpan & Partial<PartedSpan>): void {
  const { traceId, spanId, traceState, traceFlags } = span.spanContext();
  const parent = span.parentSpanContext;
  wire.id(0x0a, traceId);
  wire.id(0x12, spanId);
  const state = stateOf(traceState);
  if (state !== "") wire.text(0x1a, state);
  if (parent?.spanId) wire.id(0x22, parent.spanId);
  wire.field(encodedName(span.name));
  // `SpanKind` of OTLP begins with "unspecified", that of the API doesn't have it.
  wire.uint(0x30, span.kind + 1);
  writeTime(0x39, span.startedAtMs ?? span.startTime);
  writeTime(0x41, span.endedAtMs ?? span.endTime);
  writeSpanAttributes(span);
  writeCount(0x50, span.droppedAttributesCount);
  if (span.isPlain !== true) writeEventsAndLinks(span);
  if (span.status.code !== 0) {
    const message = wire.open(0x7a);
    if (span.status.message) wire.text(0x12, span.status.message);
    wire.uint(0x18, span.status.code);
    wire.close(message);
  }
  wire.fixed32(0x85, flagsOf(traceFlags, parent?.isRemote === true));
}

function writeEventsAndLinks(span: ReadableSpan): void {
  for (const event of span.events) {
    const message = wire.open(0x5a);
    writeTime(0x09, event.time);
    wire.text(0x12, event.name);
    if (event.attributes !== undefined) writeAttributes(0x1a, event.attributes);
    writeCount(0x20, event.droppedAttributesCount ?? 0);
    wire.close(message);
  }
  writeCount(0x60, span.droppedEventsCount);
  for (const link of span.links) writeLink(link);
  writeCount(0x70, span.droppedLinksCount);
}

function writeSpanAttributes(span: ReadableSpan & Partial<PartedSpan>): void {
  const parts = span.attributeParts?.();
  if (parts === undefined) {
    writeAttributes(0x4a, span.attributes);
    return;
  }
  for (const part of parts.shared) wire.field((part.encoded ??= encodePart(part)));
  writePairs(0x4a, parts.own);
}

function encodePart({ attributes }: AttributePart): Uint8Array {
  const start = wire.position;
  writeAttributes(0x4a, attributes);
  return wire.takeBack(start);
}

function writeLink({ context, attributes, droppedAttributesCount }: Link): void {
  const message = wire.open(0x6a);
  wire.id(0x0a, context.traceId);
  wire.id(0x12, context.spanId);
  const state = stateOf(context.traceState);
  if (state !== "") wire.text(0x1a, state);
  if (attributes !== undefined) writeAttributes(0x22, attributes);
  writeCount(0x28, droppedAttributesCount ?? 0);
  wire.fixed32(0x35, flagsOf(context.traceFlags, context.isRemote === true));
  wire.close(message);
}

function writeRecord(record: ReadableLogRecord & Partial<PartedRecord>): void {
  const { spanContext, severityNumber, severityText, eventName } = record;
  // First, as they read a stamp that says when it was.
  const pairs = record.attributePairs?.();
  writeTime(0x09, record.at ?? record.hrTime);
  if (severityNumber !== undefined && severityNumber !== 0) wire.uint(0x10, severityNumber);
  if (severityText) wire.field(encodedSeverity(severityText));
  if (record.body !== undefined) {
    const message = wire.open(0x2a);
    writeValue(record.body);
    wire.close(message);
  }
  if (pairs === undefined) writeAttributes(0x32, record.attributes);
  else writePairs(0x32, pairs);
  writeCount(0x38, record.droppedAttributesCount);
  if (spanContext !== undefined) {
    if (spanContext.traceFlags) wire.fixed32(0x45, spanContext.traceFlags);
    wire.id(0x4a, spanContext.traceId);
    wire.id(0x52, spanContext.spanId);
  }
  writeTime(0x59, record.observedAt ?? record.hrTimeObserved);
  if (eventName) wire.text(0x62, eventName);
}

function writeTime(tag: number, time: HrTime | number): void {
  if (typeof time !== "number") {
    if (isInRange(time[0])) wire.time(tag, time);
  } else if (isInRange(time / 1000)) wire.epochMs(tag, time);
}

function writeCount(tag: number, count: number): void {
  if (count > 0) wire.uint(tag, count);
}

function writeAttributes(tag: number, attributes: Attributes): void {
  for (const key in attributes) {
    if (Object.hasOwn(attributes, key)) writeAttribute(tag, key, attributes[key]);
  }
}

function writePairs(tag: number, pairs: NamesAndValues): void {
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    writeAttribute(tag, pairs[at] as string, pairs[at + 1]);
  }
}

function writeAttribute(tag: number, name: string, value: AnyValue | undefined): void {
  const key = encodedKey(name);
  if (typeof value === "string" && wire.shortPair(tag, key, value)) return;
  const message = wire.open(tag);
  wire.field(key);
  const content = wire.open(0x12);
  writeValue(value);
  wire.close(content);
  wire.close(message);
}

/** Texts of one field that are few, unless an app makes them up: each is encoded once. */
function encodedOnce(tag: number): (text: string) => Uint8Array {
  const texts = new Map<string, Uint8Array>();
  /** By their lengths: most differ in those, and to ask the map takes a hundred instructions. */
  const recent: string[] = [];
  const recentEncoded: Uint8Array[] = [];
  return (text) => {
    const { length } = text;
    if (recent[length] === text) return recentEncoded[length]!;
    const known = texts.get(text);
    if (known !== undefined) {
      if (length < RECENT) {
        recent[length] = text;
        recentEncoded[length] = known;
      }
      return known;
    }
    single.reset();
    single.text(tag, text);
    const encoded = single.taken();
    if (texts.size < MOST_TEXTS && text.length <= LONGEST_TEXT) texts.set(text, encoded);
    return encoded;
  };
}

const MOST_TEXTS = 2000;
const RECENT = 64;
const LONGEST_TEXT = 200;
const single = new Wire(1024);

const encodedKey = encodedOnce(0x0a);
const encodedName = encodedOnce(0x2a);
const encodedSeverity = encodedOnce(0x1a);

/** `AnyValue`, whose message the caller has opened; a value it can't hold leaves it empty. */
function writeValue(value: AnyValue | undefined, depth = 0): void {
  switch (typeof value) {
    case "string":
      wire.text(0x0a, value);
      return;
    case "boolean":
      wire.uint(0x10, value ? 1 : 0);
      return;
    case "number":
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) wire.int(0x18, value);
      else wire.double(0x21, value);
      return;
    case "bigint":
      wire.int64(0x18, value);
      return;
    case "object":
      if (value !== null) writeObject(value, depth);
      return;
    default:
  }
}

function writeObject(value: object, depth: number): void {
  if (value instanceof Uint8Array) {
    wire.bytes(0x3a, value);
    return;
  }
  const isList = Array.isArray(value);
  const inside = depth + (isList ? LIST_DEPTH : MAP_DEPTH);
  if (inside > DEEPEST) return;
  const message = wire.open(isList ? 0x2a : 0x32);
  if (isList) for (const item of value as AnyValue[]) writeItem(item, inside);
  else for (const [key, item] of Object.entries(value)) writePair(key, item as AnyValue, inside);
  wire.close(message);
}

function writeItem(item: AnyValue | undefined, depth: number): void {
  const message = wire.open(0x0a);
  writeValue(item, depth);
  wire.close(message);
}

function writePair(key: string, item: AnyValue | undefined, depth: number): void {
  const message = wire.open(0x0a);
  wire.text(0x0a, key);
  const value = wire.open(0x12);
  writeValue(item, depth);
  wire.close(value);
  wire.close(message);
}
