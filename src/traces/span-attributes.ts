import type { Attributes } from "@opentelemetry/api";
import type { SpanLimits } from "../config/config.ts";
import type { CachedAttributes, FlatAttributes } from "../export/otlp/encoded-item.ts";
import { LimitedAttributes } from "./limited-attributes.ts";

export type { CachedAttributes };

/** Attributes that are computed when they are read, at export. */
export interface LazyAttributes {
  /** Attributes that many spans share: frozen, and the same objects for all of them. */
  cachedParts(): readonly CachedAttributes[];
  /** The other attributes, names and values in turn, each name once. The caller may change the array. */
  ownPairs(): unknown[];
}

/** More attributes than any instrumentation sets. */
export const MAX_INSTRUMENTATION_ATTRIBUTES = 40;

export function attributesOfPairs(pairs: FlatAttributes): Attributes {
  const attributes: Attributes = {};
  for (let at = 0; at < pairs.length; at += 2) {
    attributes[pairs[at] as string] = pairs[at + 1];
  }
  return attributes;
}

/** Returns the attributes of an event or a link within the limits; undefined if there are none. */
export function limitedAttributesOf(
  attributes: unknown,
  count: number,
  { attributeLength }: SpanLimits,
): LimitedAttributes | undefined {
  if (attributes === undefined || attributes === null) return undefined;
  const limited = new LimitedAttributes();
  limited.setAll(attributes, { count, length: attributeLength });
  return limited;
}
