import { toUSVString, types } from "node:util";
import type { AnyValue } from "@opentelemetry/api";
import { isError, readData } from "./data.ts";
import { cut, read, setOwn, UNREADABLE } from "./value.ts";

/**
 * The specification's limit of nesting; what is deeper is an empty value. The
 * encoders may have to stop before.
 * https://opentelemetry.io/docs/specs/otel/common/#attribute-limits
 */
const MAX_DEPTH = 64;

/**
 * Of all that one `Snapshot` copies together. The specification has no such
 * limit; an array may have a billion holes, and a proxy any length.
 */
const MAX_VALUES = 100_000;

const CIRCULAR = "[Circular]";
const TRUNCATED = "[Truncated]";

/**
 * Copies values of the app into what OTLP can carry, at once, so that later
 * changes don't show. It reads as `JSON.stringify` does (`toJSON`, own enumerable
 * properties), but each read is guarded, and depth and number of values are
 * bounded. Names are never cut: two of them could become one.
 */
export class Snapshot {
  readonly #longest: number;
  /** Only data is read: no getter, no `toJSON` of the app's runs. */
  readonly #isPassive: boolean;
  readonly #path: object[] = [];
  #values = MAX_VALUES;

  /**
   * @param longest limit of one text or byte array.
   * @param isPassive for what the app didn't hand to us: none of its code runs.
   */
  constructor(longest: number, isPassive = false) {
    this.#longest = longest;
    this.#isPassive = isPassive;
  }

  /** The copy; undefined for what JSON leaves out too: undefined and functions. Never throws. */
  of(value: unknown): AnyValue {
    switch (typeof value) {
      case "string":
        return this.#string(value);
      case "number":
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

  /** The own properties of whatever object, an error too. */
  fields(value: object): Readonly<Record<string, AnyValue>> {
    const map: Record<string, AnyValue> = {};
    this.#path.push(value);
    for (const key of Object.keys(value)) {
      if (!this.#put(map, key, this.#read(value, key))) break;
    }
    this.#path.pop();
    return map;
  }

  #string(text: string): string {
    return cut(text, this.#longest);
  }

  #object(value: object): AnyValue {
    if (this.#path.includes(value)) return CIRCULAR;
    if (this.#path.length >= MAX_DEPTH) return null;
    if (this.#isPassive && types.isProxy(value)) return UNREADABLE;
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
    if (types.isBoxedPrimitive(value)) return this.of(unboxed(value));
    return this.#asJson(value);
  }

  #asJson(value: object): AnyValue {
    const toJSON = this.#isPassive ? undefined : (value as { toJSON?: unknown }).toJSON;
    if (typeof toJSON === "function") {
      const json: unknown = toJSON.call(value, "");
      if (json !== value) return this.of(json);
    }
    const map: Record<string, AnyValue> = {};
    for (const key of Object.keys(value)) {
      if (!this.#put(map, key, this.#read(value, key))) break;
    }
    return map;
  }

  #read(value: object, key: PropertyKey): unknown {
    return this.#isPassive ? readData(value, key) : read(value, key);
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
    if (this.#values <= 0) {
      map[TRUNCATED] = true;
      return false;
    }
    this.#values--;
    const copy = this.of(value);
    if (copy !== undefined) setOwn(map, toUSVString(key), copy);
    return true;
  }

  #list(list: readonly unknown[], length: number): AnyValue {
    const copies: AnyValue[] = [];
    for (let i = 0; i < length; i++) {
      if (this.#values <= 0) {
        copies.push(TRUNCATED);
        break;
      }
      this.#values--;
      copies.push(this.of(this.#read(list, i)) ?? null);
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
    return bytes.slice(0, Math.min(this.#longest, bytes.length));
  }

  /** What `JSON.stringify` loses of an error, and its plain own properties (`code`, `status`). */
  #error(error: object): AnyValue {
    const map: Record<string, AnyValue> = {};
    for (const key of ["name", "message", "stack"]) this.#put(map, key, this.#read(error, key));
    for (const key of Object.keys(error)) {
      const value = this.#read(error, key);
      if (typeof value !== "object" && !this.#put(map, key, value)) break;
    }
    for (const key of ["cause", "errors"]) this.#put(map, key, this.#read(error, key));
    return map;
  }
}

/** Longer ones in hexadecimal: decimal digits take more than linear time. */
const LONGEST_DECIMAL = 4096;

/** An `int64` of OTLP where it is one, else its digits. */
function bigintOf(value: bigint): AnyValue {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  if (BigInt.asIntN(64, value) === value) return value;
  const digits = (value < 0n ? -value : value).toString(16);
  if (digits.length <= LONGEST_DECIMAL) return String(value);
  return `${value < 0n ? "-" : ""}0x${digits}`;
}

function dateOf(value: Date): string {
  const valid = !Number.isNaN(Date.prototype.getTime.call(value));
  return valid ? Date.prototype.toISOString.call(value) : "Invalid Date";
}

/** The primitive in a `new String(…)` and the like, whatever their own `valueOf` is. */
function unboxed(value: object): unknown {
  if (types.isStringObject(value)) return String.prototype.valueOf.call(value);
  if (types.isNumberObject(value)) return Number.prototype.valueOf.call(value);
  if (types.isBooleanObject(value)) return Boolean.prototype.valueOf.call(value);
  if (types.isBigIntObject(value)) return BigInt.prototype.valueOf.call(value);
  return Symbol.prototype.valueOf.call(value);
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
