import type { Attributes, AttributeValue } from "@opentelemetry/api";
import { cleanAttributes as cleanByTheSdk } from "@opentelemetry/core";

export const NO_ATTRIBUTES: Attributes = Object.freeze({});

/** The one series that takes what is above the limit (specification, metrics/sdk.md, cardinality limits). */
export const OVERFLOW_ATTRIBUTES: Attributes = Object.freeze({ "otel.metric.overflow": true });

/** The limits of attributes are not for metrics (specification, common/README.md). */
const noLimits = { attributeCountLimit: 1, attributeValueLengthLimit: Infinity };

/**
 * A copy with the keys sorted and everything gone that is no attribute: empty
 * keys, bigints, symbols, functions, objects of a class. Null is no value to
 * tell series apart by, so it goes too. The app may change or reuse its object
 * afterwards.
 *
 * @throws what a getter or a proxy throws.
 */
export function normalizeAttributes(attributes: Attributes): Attributes {
  const clean: Attributes = {};
  for (const key of Object.keys(attributes).toSorted()) {
    const value = cleanValue(attributes[key]);
    if (key !== "" && value !== undefined) set(clean, key, value);
  }
  return Object.freeze(clean);
}

/**
 * One string for one set of attributes. Lengths keep `{a: "1", b: "2"}` and
 * `{a: "1b2"}` apart, type letters `1` and `"1"`.
 */
export function attributesKey(clean: Attributes): string {
  let key = "";
  for (const name in clean) {
    const value = clean[name];
    const text = attributeText(value);
    key += `${name.length}:${name}${typeof value}${text.length}:${text}`;
  }
  return key;
}

/** A value as one text: lists and maps as JSON with sorted keys, bytes in base64. */
export function attributeText(value: AttributeValue): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return JSON.stringify(value, replaceNested) ?? "";
}

function replaceNested(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function cleanValue(value: unknown): AttributeValue {
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
      return value;
    case "object":
      return value === null ? undefined : cleanNested(value);
    default:
      return undefined;
  }
}

/** The SDK's check leaves bytes as they are; the clone is ours, and of plain objects throughout. */
function cleanNested(value: object): AttributeValue {
  return structuredClone(cleanByTheSdk({ value }, noLimits).attributes?.["value"]);
}

/** Assignment to `__proto__` would set the prototype instead of an attribute. */
function set(target: Attributes, key: string, value: AttributeValue): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, enumerable: true });
  } else {
    target[key] = value;
  }
}
