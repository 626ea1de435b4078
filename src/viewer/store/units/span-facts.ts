import { attributesOf, type OtlpAttributes, type OtlpValue } from "../../../otlp/attributes.ts";
import { asList, asNumber, asObject, asText } from "../../../otlp/fields.ts";
import type { JsonObject } from "../../../otlp/protobuf.ts";
import { truncate } from "../../../text.ts";
import type { SpanKindName } from "../../model.ts";
import { errorKeyOf } from "./error-key.ts";
import { millisecondsOf } from "./milliseconds.ts";

/** What a span waits for; `work` if it waits for nothing outside of the process. */
export type SpanPurpose = "query" | "cache" | "call" | "work";

/** What lists and trees need of a span. The rest stays in its text. */
export interface SpanFacts {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: SpanKindName;
  /** Whether the parent is in another process; undefined if the sender does not know. */
  readonly hasRemoteParent: boolean | undefined;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly failed: boolean;
  readonly purpose: SpanPurpose;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  /** Identify the errors of its events. */
  readonly errorKeys: readonly string[];
  readonly stalls: number;
  readonly attributes: OtlpAttributes;
}

const MAX_NAME = 500;

const kinds: readonly SpanKindName[] = [
  "internal",
  "internal",
  "server",
  "client",
  "producer",
  "consumer",
];

/** `SpanFlags` of OTLP: whether the next bit is set by the sender, and the bit. */
const KNOWS_REMOTE = 0x100;
const IS_REMOTE = 0x200;
const STATUS_ERROR = 2;

/** @throws if an id or a time is malformed. */
export function spanFactsOf(span: JsonObject): SpanFacts {
  const attributes = attributesOf(span["attributes"]);
  const kind = kinds[asNumber(span["kind"])] ?? "internal";
  const parentSpanId = optionalIdOf(span["parentSpanId"]);
  const purpose = purposeOf(kind, attributes);
  const { errorKeys, stalls } = eventFactsOf(span["events"]);
  const start = millisecondsOf(span["startTimeUnixNano"]);
  return {
    traceId: idOf(span["traceId"], 32),
    spanId: idOf(span["spanId"], 16),
    parentSpanId,
    name: truncate(asText(span["name"]), MAX_NAME),
    kind,
    hasRemoteParent: hasRemoteParent(asNumber(span["flags"])),
    start,
    end: Math.max(start, millisecondsOf(span["endTimeUnixNano"])),
    failed: asNumber(asObject(span["status"])["code"]) === STATUS_ERROR,
    purpose,
    cacheHits: lookupsOf(attributes, "hit"),
    cacheMisses: lookupsOf(attributes, "miss"),
    errorKeys,
    stalls,
    attributes,
  };
}

/** @throws if the value is no id of that length. */
export function idOf(value: unknown, length: 16 | 32): string {
  const id = asText(value).toLowerCase();
  if (id.length === length && /^[\da-f]+$/.test(id) && !/^0+$/.test(id)) return id;
  throw new TypeError(
    `not an id of ${length} hexadecimal digits: ${JSON.stringify(id.slice(0, 40))}`,
  );
}

/** Returns an empty text if there is no id. */
function optionalIdOf(value: unknown): string {
  const id = asText(value);
  return id === "" || /^0+$/.test(id) ? "" : idOf(id, 16);
}

function hasRemoteParent(flags: number): boolean | undefined {
  return (flags & KNOWS_REMOTE) === 0 ? undefined : (flags & IS_REMOTE) !== 0;
}

/** Stores that are mostly used as caches, as in the metrics and headers of requests. */
const CACHES: ReadonlySet<unknown> = new Set(["redis", "memcached"]);

function purposeOf(kind: SpanKindName, attributes: OtlpAttributes): SpanPurpose {
  const system = systemOf(attributes);
  if (system !== undefined && kind !== "server" && kind !== "consumer") {
    return CACHES.has(system) ? "cache" : "query";
  }
  if (attributes["telltale.cache.name"] !== undefined && kind !== "server") return "cache";
  return kind === "client" ? "call" : "work";
}

/** Returns the name of a database system. */
export function systemOf(attributes: OtlpAttributes): string | undefined {
  const system = attributes["db.system.name"] ?? attributes["db.system"];
  return typeof system === "string" && system !== "" ? system : undefined;
}

function lookupsOf(attributes: OtlpAttributes, result: "hit" | "miss"): number {
  const count = attributes[result === "hit" ? "telltale.cache.hits" : "telltale.cache.misses"];
  if (typeof count === "number") return count;
  return attributes["telltale.cache.result"] === result ? 1 : 0;
}

/** The event of a stall of the event loop. */
export const STALL_EVENT = "telltale.eventloop.stall";

function eventFactsOf(events: unknown): Pick<SpanFacts, "errorKeys" | "stalls"> {
  const errorKeys: string[] = [];
  let stalls = 0;
  for (const event of asList(events)) {
    const name = asText(event["name"]);
    if (name === STALL_EVENT) stalls++;
    else if (name === "exception") errorKeys.push(errorKeyOf(attributesOf(event["attributes"])));
  }
  return { errorKeys, stalls };
}

export function numberOf(value: OtlpValue | undefined): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
