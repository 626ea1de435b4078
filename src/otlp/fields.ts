import type { JsonObject } from "./protobuf.ts";

/*
 * Readers of fields in the JSON encoding of OTLP. A field that is missing or of another
 * type is empty, as in protobuf.
 */

export function asObject(any: unknown): JsonObject {
  return typeof any === "object" && any !== null ? (any as JsonObject) : {};
}

export function asList(any: unknown): JsonObject[] {
  return Array.isArray(any) ? (any as JsonObject[]) : [];
}

export function asText(any: unknown): string {
  switch (typeof any) {
    case "string":
      return any;
    case "number":
    case "bigint":
      return any.toString();
    default:
      return "";
  }
}

/** @throws if the value is not a time in digits. */
export function asNanoseconds(any: unknown): string {
  const digits = asText(any);
  if (/^\d{0,20}$/.test(digits)) return digits;
  throw new TypeError(`not a time: ${JSON.stringify(digits.slice(0, 30))}`);
}

export function asOptionalNumber(any: unknown): number | undefined {
  return any === undefined ? undefined : Number(any);
}

export function asNumber(any: unknown): number {
  return asOptionalNumber(any) ?? 0;
}

export function asNumbers(any: unknown): number[] | undefined {
  return Array.isArray(any) ? any.map(Number) : undefined;
}
