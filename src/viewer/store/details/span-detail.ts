import { attributesOf, type OtlpAttributes } from "../../../otlp/attributes.ts";
import { asList, asObject, asText } from "../../../otlp/fields.ts";
import { truncate } from "../../../text.ts";
import type { Attributes, SpanDetail, SpanEvent } from "../../model.ts";
import { busyMs } from "../units/busy-time.ts";
import { millisecondsOf, roundMs } from "../units/milliseconds.ts";
import type { OtlpItem } from "../items/otlp-items.ts";
import { placeOfSpan, queryOf } from "./query-detail.ts";
import { serviceOf, textOf } from "../units/service.ts";
import { numberOf } from "../units/span-facts.ts";
import { beginsUnit, type SpanNode } from "../units/span-node.ts";

/** What the details of a span depend on beside the span. */
export interface DetailContext {
  /** Milliseconds since 1970: offset 0. */
  readonly origin: number;
  /** Duration of the unit of work. */
  readonly durationMs: number;
  readonly projectFolder: string;
}

const MAX_VALUE = 16_000;

/** Share of the unit of work from which a span's own time is worth showing. */
const SLOW_SHARE = 0.1;
const SLOW_MS = 1;

export function spanDetail(
  node: SpanNode,
  depth: number,
  { value }: OtlpItem,
  context: DetailContext,
): SpanDetail {
  const { facts } = node;
  const { attributes } = facts;
  const durationMs = roundMs(facts.end - facts.start);
  const children = node.children.map((child) => child.facts);
  const selfMs = roundMs(durationMs - busyMs(children, facts));
  const statusMessage = textOf(asObject(value["status"])["message"]);
  const place = placeOfSpan(attributes, context.projectFolder);
  const query = queryOf(facts);
  return {
    spanId: facts.spanId,
    ...(facts.parentSpanId !== "" && { parentSpanId: facts.parentSpanId }),
    service: serviceOf(node.resource.attributes),
    name: facts.name,
    kind: facts.kind,
    offsetMs: roundMs(facts.start - context.origin),
    durationMs,
    selfMs,
    depth,
    failed: facts.failed,
    ...(statusMessage !== undefined && { statusMessage }),
    focused: isFocused(node, selfMs, context.durationMs),
    ...(place !== undefined && { place }),
    ...(query !== undefined && { query }),
    ...cacheOf(node),
    ...callOf(node),
    attributes: shownAttributes(attributes),
    events: asList(value["events"]).map((event) => eventOf(event, context.origin)),
  };
}

function isFocused(node: SpanNode, selfMs: number, unitMs: number): boolean {
  const { facts, parent } = node;
  if (facts.failed || facts.stalls > 0 || facts.errorKeys.length > 0 || beginsUnit(node))
    return true;
  if (facts.purpose !== "work") return parent?.facts.purpose !== facts.purpose;
  if (facts.kind !== "internal") return true;
  return selfMs >= SLOW_MS && selfMs >= unitMs * SLOW_SHARE;
}

function cacheOf({ facts }: SpanNode): Pick<SpanDetail, "cache"> {
  if (facts.purpose !== "cache") return {};
  const { attributes } = facts;
  const key = textOf(attributes["telltale.cache.key"]);
  const lookups = facts.cacheHits + facts.cacheMisses;
  return {
    cache: {
      operation: textOf(attributes["db.operation.name"]) ?? facts.name,
      ...(key !== undefined && { key }),
      ...(lookups > 0 && { hit: facts.cacheMisses === 0 }),
    },
  };
}

function callOf({ facts }: SpanNode): Pick<SpanDetail, "call"> {
  if (facts.purpose !== "call") return {};
  const { attributes } = facts;
  const method = textOf(attributes["http.request.method"] ?? attributes["http.method"]);
  const url = attributes["url.full"] ?? attributes["http.url"];
  if (method === undefined || typeof url !== "string") return {};
  const status = numberOf(
    attributes["http.response.status_code"] ?? attributes["http.status_code"],
  );
  return { call: { method, url, ...(status !== undefined && { status }) } };
}

/** Attributes that have a field of their own, or a part of the page. */
const SHOWN_ELSEWHERE = ["db.query.parameter.", "http.request.header.", "http.response.header."];

function shownAttributes(attributes: OtlpAttributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([key]) => !SHOWN_ELSEWHERE.some((prefix) => key.startsWith(prefix)))
      .map(([key, value]) => [key, typeof value === "string" ? truncate(value, MAX_VALUE) : value]),
  );
}

function eventOf(event: OtlpItem["value"], origin: number): SpanEvent {
  return {
    name: asText(event["name"]),
    offsetMs: roundMs(millisecondsOf(event["timeUnixNano"]) - origin),
    attributes: shownAttributes(attributesOf(event["attributes"])),
  };
}
