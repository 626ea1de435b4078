import { toUSVString, types } from "node:util";
import type { AnyValue } from "@opentelemetry/api";
import { isErrorInstance, readDataProperty } from "./data-property.ts";
import { readProperty, setOwnProperty, truncateWellFormed, UNREADABLE } from "./value.ts";

/**
 * The specification's limit of nesting. Deeper values are empty. The encoders may
 * have lower limits.
 * https://opentelemetry.io/docs/specs/otel/common/#attribute-limits
 */
const MAX_DEPTH = 64;

/**
 * Limit of all values that one `ValueCopier` copies. The specification has no such
 * limit, but an array may have a billion holes, and a proxy any length.
 */
const MAX_VALUES = 100_000;

const CIRCULAR = "[Circular]";
const TRUNCATED = "[Truncated]";

/**
 * Copies values of the app to values that OTLP can represent. It copies at once, so
 * that later changes don't show, and reads like `JSON.stringify` (`toJSON`, own
 * enumerable properties), but each read is guarded, and depth and number of values
 * are limited. Names are never cut: two of them could become equal.
 */
export class ValueCopier {
  readonly #maxLength: number;
  /** Whether only data is read: none of the app's getters and `toJSON` methods run. */
  readonly #dataOnly: boolean;
  readonly #path: object[] = [];
  #remainingValues = MAX_VALUES;

  /**
   * @param maxLength limit of each text (UTF-16 units) and byte array (bytes).
   * @param dataOnly true for values that the app didn't pass to telltale: none of its code runs.
   */
  constructor(maxLength: number, dataOnly = false) {
    this.#maxLength = maxLength;
    this.#dataOnly = dataOnly;
  }

  /** Returns the copy; undefined for undefined and functions, which JSON leaves out too. Never throws. */
  copy(value: unknown): AnyValue {
    switch (typeof value) {
      case "string":
        return this.#copyString(value);
      case "number":
      case "boolean":
        return value;
      case "bigint":
        return copyBigint(value);
      case "symbol":
        return this.#copyString(String(value));
      case "object":
        return value === null ? null : this.#copyReference(value);
      default:
        return undefined;
    }
  }

  /** Copies the own properties of any object, also of an error. */
  copyFields(value: object): Readonly<Record<string, AnyValue>> {
    const map: Record<string, AnyValue> = {};
    this.#path.push(value);
    for (const key of Object.keys(value)) {
      if (!this.#addEntry(map, key, this.#read(value, key))) break;
    }
    this.#path.pop();
    return map;
  }

  #copyString(text: string): string {
    return truncateWellFormed(text, this.#maxLength);
  }

  #copyReference(value: object): AnyValue {
    if (this.#path.includes(value)) return CIRCULAR;
    if (this.#path.length >= MAX_DEPTH) return null;
    if (this.#dataOnly && types.isProxy(value)) return UNREADABLE;
    this.#path.push(value);
    try {
      return this.#copyObject(value);
    } catch {
      // A revoked proxy, a trap or a `toJSON` that throws, an object that imitates another type.
      return UNREADABLE;
    } finally {
      this.#path.pop();
    }
  }

  #copyObject(value: object): AnyValue {
    if (Array.isArray(value)) return this.#copyList(value, value.length);
    if (isPlain(value)) return this.#copyJson(value);
    if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return this.#copyBinary(value);
    if (types.isDate(value)) return dateText(value);
    if (isErrorInstance(value)) return this.#copyError(value);
    if (types.isMap(value)) return this.#copyMap(Map.prototype.entries.call(value));
    if (types.isSet(value))
      return this.#copyList([...firstValues(value, this.#remainingValues)], value.size);
    if (types.isRegExp(value)) return this.#copyString(String(value));
    if (types.isBoxedPrimitive(value)) return this.copy(unboxPrimitive(value));
    return this.#copyJson(value);
  }

  #copyJson(value: object): AnyValue {
    const toJSON = this.#dataOnly ? undefined : (value as { toJSON?: unknown }).toJSON;
    if (typeof toJSON === "function") {
      const json: unknown = toJSON.call(value, "");
      if (json !== value) return this.copy(json);
    }
    const map: Record<string, AnyValue> = {};
    for (const key of Object.keys(value)) {
      if (!this.#addEntry(map, key, this.#read(value, key))) break;
    }
    return map;
  }

  #read(value: object, key: PropertyKey): unknown {
    return this.#dataOnly ? readDataProperty(value, key) : readProperty(value, key);
  }

  #copyMap(entries: Iterable<[unknown, unknown]>): AnyValue {
    const map: Record<string, AnyValue> = {};
    for (const [key, value] of entries) {
      if (!this.#addEntry(map, keyText(key), value)) break;
    }
    return map;
  }

  /** Returns false if the limit of values is reached. */
  #addEntry(map: Record<string, AnyValue>, key: string, value: unknown): boolean {
    if (this.#remainingValues <= 0) {
      map[TRUNCATED] = true;
      return false;
    }
    this.#remainingValues--;
    const copy = this.copy(value);
    if (copy !== undefined) setOwnProperty(map, toUSVString(key), copy);
    return true;
  }

  #copyList(list: readonly unknown[], length: number): AnyValue {
    const copies: AnyValue[] = [];
    for (let i = 0; i < length; i++) {
      if (this.#remainingValues <= 0) {
        copies.push(TRUNCATED);
        break;
      }
      this.#remainingValues--;
      copies.push(this.copy(this.#read(list, i)) ?? null);
    }
    return copies;
  }

  #copyBinary(value: ArrayBufferView | ArrayBufferLike): AnyValue {
    if (ArrayBuffer.isView(value) && !types.isUint8Array(value) && !types.isDataView(value)) {
      const numbers = value as unknown as readonly unknown[];
      return this.#copyList(numbers, numbers.length);
    }
    const bytes = ArrayBuffer.isView(value)
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : new Uint8Array(value);
    return bytes.slice(0, Math.min(this.#maxLength, bytes.length));
  }

  /** Copies the properties of an error that `JSON.stringify` omits, and its plain own ones (`code`, `status`). */
  #copyError(error: object): AnyValue {
    const map: Record<string, AnyValue> = {};
    for (const key of ["name", "message", "stack"])
      this.#addEntry(map, key, this.#read(error, key));
    for (const key of Object.keys(error)) {
      const value = this.#read(error, key);
      if (typeof value !== "object" && !this.#addEntry(map, key, value)) break;
    }
    for (const key of ["cause", "errors"]) this.#addEntry(map, key, this.#read(error, key));
    return map;
  }
}

/** The longest integer that is written in decimal, in hexadecimal digits: decimal digits take more than linear time. */
const MAX_DECIMAL_LENGTH = 4096;

/** Returns an `int64` of OTLP if the value fits, else its digits. */
function copyBigint(value: bigint): AnyValue {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  if (BigInt.asIntN(64, value) === value) return value;
  const digits = (value < 0n ? -value : value).toString(16);
  if (digits.length <= MAX_DECIMAL_LENGTH) return String(value);
  return `${value < 0n ? "-" : ""}0x${digits}`;
}

function dateText(value: Date): string {
  const valid = !Number.isNaN(Date.prototype.getTime.call(value));
  return valid ? Date.prototype.toISOString.call(value) : "Invalid Date";
}

/** Returns the primitive of a `new String(…)` and the like, even if they override `valueOf`. */
function unboxPrimitive(value: object): unknown {
  if (types.isStringObject(value)) return String.prototype.valueOf.call(value);
  if (types.isNumberObject(value)) return Number.prototype.valueOf.call(value);
  if (types.isBooleanObject(value)) return Boolean.prototype.valueOf.call(value);
  if (types.isBigIntObject(value)) return BigInt.prototype.valueOf.call(value);
  return Symbol.prototype.valueOf.call(value);
}

function keyText(key: unknown): string {
  return typeof key === "object" && key !== null ? "[Object]" : String(key);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function* firstValues(set: Set<unknown>, count: number): Iterable<unknown> {
  let remaining = count;
  for (const value of Set.prototype.values.call(set)) {
    if (remaining-- <= 0) return;
    yield value;
  }
}
