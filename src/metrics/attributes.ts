import type { Attributes, AttributeValue } from "@opentelemetry/api";

export const NO_ATTRIBUTES: Attributes = Object.freeze({});

/** The one series that takes what is above the limit (specification, metrics/sdk.md, cardinality limits). */
export const OVERFLOW: Attributes = Object.freeze({ "otel.metric.overflow": true });

/**
 * A copy with the keys sorted and everything gone that is no attribute: empty
 * keys, null, undefined, objects, arrays of mixed types. The app may change or
 * reuse its object afterwards.
 */
export function cleanAttributes(attributes: Attributes): Attributes {
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
    const text = Array.isArray(value) ? JSON.stringify(value) : String(value);
    key += `${name.length}:${name}${typeof value}${text.length}:${text}`;
  }
  return key;
}

function cleanValue(value: unknown): AttributeValue | undefined {
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
      return value;
    default:
      return Array.isArray(value) ? cleanList(value) : undefined;
  }
}

function cleanList(list: readonly unknown[]): AttributeValue | undefined {
  let type: string | undefined;
  for (const item of list) {
    if (item === null || item === undefined) continue;
    type ??= typeof item;
    if (typeof item !== type || !["string", "number", "boolean"].includes(type)) return undefined;
  }
  return Object.freeze([...list]) as AttributeValue;
}

/** Assignment to `__proto__` would set the prototype instead of an attribute. */
function set(target: Attributes, key: string, value: AttributeValue): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, enumerable: true });
  } else {
    target[key] = value;
  }
}
