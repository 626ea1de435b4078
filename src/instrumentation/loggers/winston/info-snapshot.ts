import { isErrorInstance, readDataProperty } from "../../../logs/data-property.ts";
import { isScalar } from "../../../logs/value.ts";
import { ValueCopier } from "../../../logs/value-copier.ts";
import { MESSAGE, SPLAT, TELLTALE_LINE, type WinstonInfo } from "./winston-info.ts";

/** An `info` as it was, and its approximate size in memory. */
export interface InfoSnapshot {
  readonly snapshot: object;
  readonly bytes: number;
}

/** Approximate size of an object and of each of its properties. */
const OBJECT_BYTES = 200;
const PROPERTY_BYTES = 16;

/**
 * Copies an `info` that a transport writes later. Errors are copied with their own
 * properties; what is in them, or deeper in other values than `ValueCopier` copies, may change.
 */
export function infoSnapshot(info: WinstonInfo): InfoSnapshot {
  const text = readDataProperty(info, MESSAGE);
  let bytes = OBJECT_BYTES + (typeof text === "string" ? Buffer.byteLength(text) : 0);
  // Its fields are copies already, and all of them are in its text.
  if (readDataProperty(info, TELLTALE_LINE) === true) return { snapshot: info, bytes: bytes * 2 };
  const snapshot = isErrorInstance(info) ? errorCopy(info) : { ...info };
  for (const key of Object.keys(snapshot)) {
    const value = readDataProperty(snapshot, key);
    bytes += PROPERTY_BYTES;
    if (typeof value === "string") bytes += value.length;
    if (typeof value !== "object" || value === null || isErrorInstance(value)) continue;
    const copy = new ValueCopier(Infinity, true).copy(value);
    bytes += sizeOf(copy);
    Object.defineProperty(snapshot, key, { ...DATA, value: copy });
  }
  const { [SPLAT]: splat } = info;
  if (Array.isArray(splat)) {
    const values = splat.map((value: unknown) => valueCopy(value));
    bytes += sizeOf(values);
    Object.defineProperty(snapshot, SPLAT, { ...DATA, value: values });
  }
  return { snapshot, bytes };
}

const DATA = { enumerable: true, configurable: true, writable: true } as const;

/** Copies an error, so that the next line of the same error doesn't change its text. */
function errorCopy(error: Error): object {
  return Object.create(Object.getPrototypeOf(error) as object, {
    ...Object.getOwnPropertyDescriptors(error),
    stack: { ...DATA, enumerable: false, value: readDataProperty(error, "stack") },
  }) as object;
}

function valueCopy(value: unknown): unknown {
  return isErrorInstance(value) ? value : new ValueCopier(Infinity, true).copy(value);
}

/** Returns the approximate size of a copy, which has no cycles and is at most 64 levels deep. */
function sizeOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null || isScalar(value)) return PROPERTY_BYTES;
  if (value instanceof Uint8Array) return value.length;
  let bytes = PROPERTY_BYTES;
  for (const member of Object.values(value) as unknown[]) {
    bytes += isErrorInstance(member) ? OBJECT_BYTES : PROPERTY_BYTES + sizeOf(member);
  }
  return bytes;
}
