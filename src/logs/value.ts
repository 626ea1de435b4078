import { truncate as cutAsIs } from "../text.ts";
import { toUSVString } from "node:util";
import type { AnyValue } from "@opentelemetry/api";

/** In the place of what can't be read. */
export const UNREADABLE = "[Unreadable]";

/** A property, or a word in its place where a getter or a trap throws. */
export function readProperty(value: object, key: PropertyKey): unknown {
  try {
    return (value as Record<PropertyKey, unknown>)[key];
  } catch {
    return UNREADABLE;
  }
}

/** A property that is really put there: `__proto__` would set the prototype. */
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
 * At most `length` UTF-16 units, one less where that would halve a surrogate
 * pair. Halves that were there already become U+FFFD: in protobuf they would
 * anyway, in JSON some receivers refuse the whole batch for one.
 */
export function truncateWellFormed(text: string, length: number): string {
  return toUSVString(cutAsIs(text, length));
}
