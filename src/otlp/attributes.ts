import { asList, asObject, asOptionalNumber, asText } from "./fields.ts";

/** A value of an attribute or of a log record's body. */
export type OtlpValue = string | number | boolean | null | OtlpValue[] | OtlpAttributes;

export interface OtlpAttributes {
  readonly [key: string]: OtlpValue;
}

/** Converts a list of `KeyValue`. */
export function attributesOf(pairs: unknown): OtlpAttributes {
  // Own properties, `__proto__` among them.
  return Object.fromEntries(
    asList(pairs).map((pair) => [asText(pair["key"]), valueOf(pair["value"])]),
  );
}

/** Converts an `AnyValue`. Integers above 2^53 become text, and bytes stay base64. */
export function valueOf(any: unknown): OtlpValue {
  const wrapped = asObject(any);
  if (wrapped["arrayValue"] !== undefined) {
    return asList(asObject(wrapped["arrayValue"])["values"]).map(valueOf);
  }
  if (wrapped["kvlistValue"] !== undefined) {
    return attributesOf(asObject(wrapped["kvlistValue"])["values"]);
  }
  const whole = wrapped["intValue"];
  if (whole !== undefined) {
    return Number.isSafeInteger(Number(whole)) ? Number(whole) : asText(whole);
  }
  // In JSON also the texts "NaN", "Infinity" and "-Infinity".
  const double = asOptionalNumber(wrapped["doubleValue"]);
  if (double !== undefined) return double;
  const scalar = wrapped["stringValue"] ?? wrapped["boolValue"] ?? wrapped["bytesValue"];
  return (scalar as OtlpValue | undefined) ?? null;
}
