import type { Attributes, AttributeValue } from "@opentelemetry/api";
import { cleanAttributes as cleanByTheSdk } from "@opentelemetry/core";

export const NO_ATTRIBUTES: Attributes = Object.freeze({});

/** The attributes of the overflow series (specification, metrics/sdk.md, cardinality limits). */
export const OVERFLOW_ATTRIBUTES: Attributes = Object.freeze({ "otel.metric.overflow": true });

/** Attribute limits do not apply to metrics (specification, common/README.md). */
const noLimits = { attributeCountLimit: 1, attributeValueLengthLimit: Infinity };

/**
 * Returns a frozen copy with sorted keys, without invalid attributes: empty keys,
 * bigints, symbols, functions, class instances, and null, which doesn't
 * distinguish series. The app may change or reuse its object afterwards.
 *
 * @throws the error of a getter or a proxy.
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
 * Returns a key that is unique for a set of attributes. Lengths distinguish
 * `{a: "1", b: "2"}` from `{a: "1b2"}`, types `1` from `"1"`.
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

/** Formats a value: lists and maps as JSON with sorted keys, bytes in base64. */
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

/** Returns a deep copy with plain objects only; the SDK's check does not copy bytes. */
function cleanNested(value: object): AttributeValue {
  return structuredClone(cleanByTheSdk({ value }, noLimits).attributes?.["value"]);
}

/** Sets an attribute; assignment to `__proto__` would set the prototype instead. */
function set(target: Attributes, key: string, value: AttributeValue): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, enumerable: true });
  } else {
    target[key] = value;
  }
}
