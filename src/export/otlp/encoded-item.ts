import type { Attributes, TraceState } from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import type { Resource } from "@opentelemetry/resources";

/**
 * A span or log record in its encoded form, with its resource and scope. A queue of
 * objects would outlive V8's young generation, which made the heap of a busy service
 * grow by 50 MB. Encoded items share a few buffers outside the heap.
 */
export interface EncodedItem {
  /** Contains the item in the bytes from `from` up to `to`. */
  readonly buffer: PooledBuffer;
  readonly from: number;
  readonly to: number;
  readonly resource: Resource;
  readonly scope: OtlpScope;
}

/** A buffer that items share. */
export interface PooledBuffer {
  readonly bytes: Buffer;
  /** Called when one of its items was sent or dropped, and its bytes are not read any more. */
  release(): void;
}

export type OtlpScope = InstrumentationScope & { readonly attributes?: Attributes };

/** Attributes that many spans share: one object for all of them, which also caches the encoded bytes. */
export interface CachedAttributes {
  readonly attributes: Attributes;
  /** Set by `otlp-protobuf.ts`. */
  encoded?: Uint8Array | undefined;
}

/** Attributes as alternating names and values, which are cheaper to create and to read than an object. */
export type FlatAttributes = readonly unknown[];

/** The common part of spans and log records. */
export interface TelemetryItem {
  readonly resource: Resource;
  readonly instrumentationScope: OtlpScope;
}

/** Encodes the items of one signal, and their requests. */
export interface ItemEncoder<One> {
  encode(item: One): EncodedItem;
  /** Returns an `Export…ServiceRequest`. The caller owns the bytes. */
  encodeRequest(items: readonly EncodedItem[]): Uint8Array;
}

/** Groups items by resource and scope, compared by identity. */
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

/** Returns the W3C flags, and whether the parent is remote (`SpanFlags` of opentelemetry-proto). */
export function spanFlagsOf(traceFlags: number, isRemote: boolean): number {
  return (traceFlags & 0xff) | 0x100 | (isRemote ? 0x200 : 0);
}

/** Serializes a `tracestate`; empty if there is none, or if the app's own implementation fails. */
export function traceStateText(traceState: TraceState | undefined): string {
  if (traceState === undefined) return "";
  try {
    const text: unknown = traceState.serialize();
    return typeof text === "string" ? text : "";
  } catch {
    return "";
  }
}

/** Whether a time is in OTLP's range, 1970 to 2554. Other times, which an app may set, are sent as 0. */
export function isValidOtlpTime(seconds: number): boolean {
  return seconds >= 0 && seconds < 2 ** 64 / 1e9;
}

/**
 * Maximum depth of a value in nested protobuf messages: each level of a map takes
 * three, of a list two. The specification's limit is 64 levels, but protobuf parsers
 * stop at a hundred messages and reject the whole batch
 * (https://protobuf.dev/programming-guides/proto-limits/). The request, the
 * resource, the scope, the item, the attribute and its value take six of them.
 * Deeper values are empty. JSON has the same limit, since a Collector converts it to
 * protobuf.
 */
export const MAX_VALUE_DEPTH = 94;
export const MAP_DEPTH_COST = 3;
export const LIST_DEPTH_COST = 2;
