import type { Attributes, AttributeValue } from "@opentelemetry/api";
import { cleanAttributes } from "@opentelemetry/core";
import { truncate } from "../text.ts";

export interface AttributeLimits {
  readonly count: number;
  readonly length: number;
}

/**
 * Attributes within the limits of the specification. Primitive values, by far
 * the most, are stored directly. Others pass the SDK's own check, which copies
 * them: no object of the app is stored by reference.
 */
export class LimitedAttributes {
  readonly values: Attributes = {};
  dropped = 0;
  #count = 0;

  set(key: unknown, value: unknown, limits: AttributeLimits): void {
    if (value === undefined) return;
    // `__proto__` would set the prototype of `values`.
    if (typeof key !== "string" || key.length === 0 || key === "__proto__") {
      this.dropped++;
      return;
    }
    const clean = cleanValue(value, limits.length);
    if (clean === undefined) {
      this.dropped++;
      return;
    }
    if (!Object.hasOwn(this.values, key)) {
      if (this.#count >= limits.count) {
        this.dropped++;
        return;
      }
      this.#count++;
    }
    this.values[key] = clean;
  }

  /** Sets all attributes; leaves out and counts those that can't be read (a throwing getter). Never throws. */
  setAll(attributes: unknown, limits: AttributeLimits): void {
    if (typeof attributes !== "object" || attributes === null) return;
    for (const key of keysOf(attributes)) {
      try {
        this.set(key, (attributes as Record<string, unknown>)[key], limits);
      } catch {
        this.dropped++;
      }
    }
  }
}

function keysOf(attributes: object): readonly string[] {
  try {
    return Object.keys(attributes);
  } catch {
    // A revoked proxy.
    return [];
  }
}

/** Returns the value to store, or undefined if its type is none of the API's. */
function cleanValue(value: unknown, length: number): AttributeValue | undefined {
  switch (typeof value) {
    case "string":
      return truncate(value, length);
    case "number":
    case "boolean":
      return value;
    case "object":
      return cleanObject(value, length);
    default:
      return undefined;
  }
}

function cleanObject(value: object | null, length: number): AttributeValue | undefined {
  try {
    const { attributes } = cleanAttributes(
      { value: value as AttributeValue },
      { attributeCountLimit: 1, attributeValueLengthLimit: length },
    );
    return attributes?.["value"];
  } catch {
    // A throwing getter, a revoked proxy, a nesting deeper than the stack.
    return undefined;
  }
}
