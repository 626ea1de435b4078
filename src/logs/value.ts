import { toUSVString } from "node:util";
import type { AnyValue } from "@opentelemetry/api";
import { truncate } from "../text.ts";

/** Stands in the place of a value that can't be read. */
export const UNREADABLE = "[Unreadable]";

/** Reads a property; returns `UNREADABLE` if a getter or a trap throws. */
export function readProperty(value: object, key: PropertyKey): unknown {
  try {
    return (value as Record<PropertyKey, unknown>)[key];
  } catch {
    return UNREADABLE;
  }
}

/** Sets an own property, also one called `__proto__`, which an assignment would set as the prototype. */
export function setOwnProperty(map: Record<string, AnyValue>, key: string, value: AnyValue): void {
  if (key === "__proto__") {
    Object.defineProperty(map, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else map[key] = value;
}

/**
 * Cuts a text to at most `length` UTF-16 units, one less where that would halve a
 * surrogate pair. Halves that were there already become U+FFFD: protobuf replaces
 * them anyway, and some receivers of JSON refuse the whole batch for one.
 */
export function truncateWellFormed(text: string, length: number): string {
  return toUSVString(truncate(text, length));
}

export function isScalar(value: unknown): value is string | number | boolean {
  const type = typeof value;
  return type === "string" || type === "number" || type === "boolean";
}

/** Whether JSON can't represent a number: NaN, the infinities, and -0, which becomes 0. */
export function isLossyInJson(value: number): boolean {
  return !Number.isFinite(value) || Object.is(value, -0);
}

export function isEmptyMap(map: object): boolean {
  for (const _ in map) return false;
  return true;
}
