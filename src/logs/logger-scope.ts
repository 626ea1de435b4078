import type { Attributes, AttributeValue } from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import { isScalar, readProperty, setOwnProperty } from "./value.ts";

/** The instrumentation scope of a logger, with the attributes that `getLogger` received. */
export type LoggerScope = InstrumentationScope & {
  readonly attributes?: Attributes;
  readonly droppedAttributesCount?: number;
};

/** Creates a scope like the SDK: the name is required, and only attributes of simple types are accepted. */
export function createScope(name: unknown, version: unknown, options: unknown): LoggerScope {
  const input = typeof options === "object" && options !== null ? options : {};
  const schemaUrl = readProperty(input, "schemaUrl");
  const attributes = simpleAttributes(readProperty(input, "attributes"));
  return {
    name: typeof name === "string" && name !== "" ? name : "unknown",
    ...(typeof version === "string" && { version }),
    ...(typeof schemaUrl === "string" && { schemaUrl }),
    ...(attributes !== undefined && { attributes }),
  };
}

/** Returns the same text for equal scopes, whatever the order of their attributes. */
export function scopeKey({ name, version, schemaUrl, attributes = {} }: LoggerScope): string {
  const pairs = Object.keys(attributes)
    .toSorted()
    .map((key) => [key, encodeNumbers(attributes[key])]);
  return JSON.stringify([name, version, schemaUrl, pairs]);
}

/** Makes numbers distinct that JSON writes alike: -0 and 0; NaN, the infinities and null. */
function encodeNumbers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(encodeNumbers);
  if (typeof value !== "number") return value;
  return { number: Object.is(value, -0) ? "-0" : String(value) };
}

function simpleAttributes(input: unknown): Attributes | undefined {
  if (typeof input !== "object" || input === null) return undefined;
  const attributes: Attributes = {};
  try {
    for (const [key, value] of Object.entries(input)) {
      if (isAttributeValue(value)) setOwnProperty(attributes, key, structuredClone(value));
    }
  } catch {
    // An attribute can't be read. Those before it stay.
  }
  return Object.keys(attributes).length > 0 ? attributes : undefined;
}

function isAttributeValue(value: unknown): value is AttributeValue {
  if (!Array.isArray(value)) return isScalar(value);
  const items: unknown[] = value.filter((item) => item !== null);
  return items.every(isScalar) && new Set(items.map((item) => typeof item)).size <= 1;
}
