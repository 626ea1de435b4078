import type { Attributes, TraceState } from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import type { Resource } from "@opentelemetry/resources";

/**
 * A span or a log record as it goes over the wire, with what it is grouped by. A
 * queue of objects would outlive V8's young generation, which made the heap of a
 * busy service grow by 50 MB; here the many share pages outside of the heap.
 */
export interface EncodedItem {
  /** Of which the item has the bytes from `from` up to `to`. */
  readonly buffer: PooledBuffer;
  readonly from: number;
  readonly to: number;
  readonly resource: Resource;
  readonly scope: OtlpScope;
}

/** Memory that items share. */
export interface PooledBuffer {
  readonly bytes: Buffer;
  /** One of its items is sent or dropped: nobody reads its bytes again. */
  release(): void;
}

export type OtlpScope = InstrumentationScope & { readonly attributes?: Attributes };

/** Attributes that many spans share: one object for all of them, on which an encoder keeps its bytes. */
export interface CachedAttributes {
  readonly attributes: Attributes;
  /** For `messages.ts`. */
  encoded?: Uint8Array | undefined;
}

/** Attributes as names and values in turn, which is cheaper to make and to read than an object. */
export type FlatAttributes = readonly unknown[];

/** What spans and log records have in common. */
export interface TelemetryItem {
  readonly resource: Resource;
  readonly instrumentationScope: OtlpScope;
}

/** A way to write items and the requests that carry them. */
export interface ItemEncoder<One> {
  encode(item: One): EncodedItem;
  /** An `Export…ServiceRequest`. The bytes are the caller's. */
  encodeRequest(items: readonly EncodedItem[]): Uint8Array;
}

/** Resource -> scope -> items; the items of one share the object. */
export function groupByScope(
  items: readonly EncodedItem[],
): Map<Resource, Map<OtlpScope, EncodedItem[]>> {
  const resources = new Map<Resource, Map<OtlpScope, EncodedItem[]>>();
  let last: EncodedItem | undefined;
  let group: EncodedItem[] = [];
  for (const item of items) {
    if (item.scope !== last?.scope || item.resource !== last.resource) {
      const scopes = getOrCreate(
        resources,
        item.resource,
        () => new Map<OtlpScope, EncodedItem[]>(),
      );
      group = getOrCreate(scopes, item.scope, (): EncodedItem[] => []);
      last = item;
    }
    group.push(item);
  }
  return resources;
}

function getOrCreate<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const existing = map.get(key);
  if (existing !== undefined) return existing;
  const created = create();
  map.set(key, created);
  return created;
}

/** The W3C flags, and that we know whether the parent is remote (`SpanFlags` of opentelemetry-proto). */
export function spanFlagsOf(traceFlags: number, isRemote: boolean): number {
  return (traceFlags & 0xff) | 0x100 | (isRemote ? 0x200 : 0);
}

/** A `tracestate` as it is sent; empty where there is none, or an app's own that doesn't work. */
export function traceStateText(traceState: TraceState | undefined): string {
  if (traceState === undefined) return "";
  try {
    const text: unknown = traceState.serialize();
    return typeof text === "string" ? text : "";
  } catch {
    return "";
  }
}

/** Whether it fits OTLP's times, from 1970 to 2554; others, which an app may make up, are sent as 0. */
export function isValidOtlpTime(seconds: number): boolean {
  return seconds >= 0 && seconds < 2 ** 64 / 1e9;
}

/**
 * How far a value may be nested, in messages of protobuf: a map takes three for
 * each level, a list two. The specification's limit is 64 levels, but readers of
 * protobuf stop at a hundred messages and refuse the whole batch
 * (https://protobuf.dev/programming-guides/proto-limits/), of which the request,
 * the resource, the scope, the item, the attribute and its value are six. What is
 * deeper is an empty value. The same in JSON, which a Collector makes protobuf of.
 */
export const MAX_VALUE_DEPTH = 94;
export const MAP_DEPTH_COST = 3;
export const LIST_DEPTH_COST = 2;
