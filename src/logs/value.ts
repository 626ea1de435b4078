import { cut as cutAsIs } from "../text.ts";
import { toUSVString, types } from "node:util";
import type { AnyValue } from "@opentelemetry/api";

/**
 * No text of one record is longer than this, in UTF-16 units: the specification
 * has no limit by default, and one line with a file in it would fill the queue.
 */
export const MAX_TEXT = 65_536;

/** Bounds of everything that is nested in one record. */
const MAX_DEPTH = 8;
const MAX_VALUES = 1000;

const CIRCULAR = "[Circular]";
const TRUNCATED = "[Truncated]";
const UNREADABLE = "[Unreadable]";

/** From here on a whole number is no `int64` of OTLP. */
const INT64 = 2 ** 63;

/**
 * Copies values of the app into what OTLP can carry, at once, so that later
 * changes don't show. It reads as `JSON.stringify` does (`toJSON`, own enumerable
 * properties), but each read is guarded, and depth, number of values and text
 * are bounded, in all that one `Snapshot` copies together.
 */
export class Snapshot {
  readonly #longest: number;
  readonly #path: object[] = [];
  #values = MAX_VALUES;
  #text = MAX_TEXT;

  /** @param longest limit of one text, in UTF-16 units. */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /** The copy; undefined for what JSON leaves out too: undefined and functions. Never throws. */
  of(value: unknown): AnyValue {
    switch (typeof value) {
      case "string":
        return this.#string(value);
      case "number":
        return numberOf(value);
      case "boolean":
        return value;
      case "bigint":
        return bigintOf(value);
      case "symbol":
        return this.#string(String(value));
      case "object":
        return value === null ? null : this.#object(value);
      default:
        return undefined;
    }
  }

  #string(text: string): string {
    if (this.#text <= 0) return TRUNCATED;
    const kept = cut(text, Math.min(this.#longest, this.#text));
    this.#text -= kept.length;
    return kept;
  }

  #object(value: object): AnyValue {
    if (this.#path.includes(value)) return CIRCULAR;
    if (this.#path.length >= MAX_DEPTH || this.#values <= 0) return TRUNCATED;
    this.#path.push(value);
    try {
      return this.#inside(value);
    } catch {
      // A revoked proxy, a trap or a `toJSON` that throws, a foreign object that lies about itself.
      return UNREADABLE;
    } finally {
      this.#path.pop();
    }
  }

  #inside(value: object): AnyValue {
    if (Array.isArray(value)) return this.#list(value, value.length);
    if (isPlain(value)) return this.#asJson(value);
    if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return this.#binary(value);
    if (types.isDate(value)) return dateOf(value);
    if (isError(value)) return this.#error(value);
    if (types.isMap(value)) return this.#pairs(Map.prototype.entries.call(value));
    if (types.isSet(value)) return this.#list([...firstOf(value, this.#values)], value.size);
    if (types.isRegExp(value)) return this.#string(String(value));
    if (types.isBoxedPrimitive(value)) return this.of(value.valueOf());
    return this.#asJson(value);
  }

  #asJson(value: object): AnyValue {
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === "function") {
      const json: unknown = toJSON.call(value, "");
      if (json !== value) return this.of(json);
    }
    const map: Record<string, AnyValue> = {};
    for (const key of Object.keys(value)) {
      if (!this.#put(map, key, read(value, key))) break;
    }
    return map;
  }

  #pairs(entries: Iterable<[unknown, unknown]>): AnyValue {
    const map: Record<string, AnyValue> = {};
    for (const [key, value] of entries) {
      if (!this.#put(map, nameOf(key), value)) break;
    }
    return map;
  }

  /** False: there is no room for more. */
  #put(map: Record<string, AnyValue>, key: string, value: unknown): boolean {
    if (this.#values <= 0 || this.#text <= 0) {
      map[TRUNCATED] = true;
      return false;
    }
    this.#values--;
    const copy = this.of(value);
    if (copy !== undefined) setOwn(map, this.#string(key), copy);
    return true;
  }

  #list(list: readonly unknown[], length: number): AnyValue {
    const copies: AnyValue[] = [];
    for (let i = 0; i < length; i++) {
      if (this.#values <= 0 || this.#text <= 0) {
        copies.push(TRUNCATED);
        break;
      }
      this.#values--;
      copies.push(this.of(read(list, i)) ?? null);
    }
    return copies;
  }

  #binary(value: ArrayBufferView | ArrayBufferLike): AnyValue {
    if (ArrayBuffer.isView(value) && !types.isUint8Array(value) && !types.isDataView(value)) {
      const numbers = value as unknown as readonly unknown[];
      return this.#list(numbers, numbers.length);
    }
    const bytes = ArrayBuffer.isView(value)
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : new Uint8Array(value);
    const copy = bytes.slice(0, Math.max(0, Math.min(this.#longest, this.#text)));
    this.#text -= copy.length;
    return copy;
  }

  /** What `JSON.stringify` loses of an error, and its plain own properties (`code`, `status`). */
  #error(error: object): AnyValue {
    const map: Record<string, AnyValue> = {};
    for (const key of ["name", "message", "stack"]) this.#put(map, key, read(error, key));
    for (const key of Object.keys(error)) {
      const value = read(error, key);
      if (typeof value !== "object" && !this.#put(map, key, value)) break;
    }
    for (const key of ["cause", "errors"]) this.#put(map, key, read(error, key));
    return map;
  }
}

/** A property, or a word in its place where a getter or a trap throws. */
export function read(value: object, key: PropertyKey): unknown {
  try {
    return (value as Record<PropertyKey, unknown>)[key];
  } catch {
    return UNREADABLE;
  }
}

/** A property that is really put there: `__proto__` would set the prototype. */
export function setOwn(map: Record<string, AnyValue>, key: string, value: AnyValue): void {
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
export function cut(text: string, length: number): string {
  return toUSVString(cutAsIs(text, length));
}

/**
 * A number as OTLP carries it in both encodings, else its text: the SDK's JSON
 * encoder turns NaN and the infinities into null, and whole numbers beyond 64
 * bits into an `intValue` for which a Collector refuses the whole batch.
 */
export function numberOf(value: number): number | string {
  const fits = Number.isInteger(value) ? Math.abs(value) < INT64 : Number.isFinite(value);
  return fits ? value : String(value);
}

/** Whether it is an error, also one of another realm; false for what can't be asked. */
export function isError(value: unknown): value is Error {
  try {
    // A plain object is none, as most are that are asked about; the engine takes longer.
    if (Object.getPrototypeOf(value) === Object.prototype) return false;
    return value instanceof Error || types.isNativeError(value);
  } catch {
    return false;
  }
}

/** Beyond 64 bits in hexadecimal: decimal takes quadratic time. */
function bigintOf(value: bigint): number | string {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  if (BigInt.asIntN(64, value) === value) return String(value);
  const digits = (value < 0n ? -value : value).toString(16);
  return cut(`${value < 0n ? "-" : ""}0x${digits}`, 1024);
}

function dateOf(value: Date): string {
  const valid = !Number.isNaN(Date.prototype.getTime.call(value));
  return valid ? Date.prototype.toISOString.call(value) : "Invalid Date";
}

function nameOf(key: unknown): string {
  return typeof key === "object" && key !== null ? "[Object]" : String(key);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function* firstOf(set: Set<unknown>, count: number): Iterable<unknown> {
  let left = count;
  for (const value of Set.prototype.values.call(set)) {
    if (left-- <= 0) return;
    yield value;
  }
}
