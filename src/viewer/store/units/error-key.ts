import type { OtlpAttributes } from "../../../otlp/attributes.ts";
import { asText } from "../../../otlp/fields.ts";
import { truncate } from "../../../text.ts";

const MAX_LENGTH = 500;

/** Identifies an error: one that is logged and recorded on several spans is one error. */
export function errorKeyOf(attributes: OtlpAttributes): string {
  return errorKey(
    asText(attributes["exception.type"]) || "Error",
    asText(attributes["exception.message"]),
  );
}

export function errorKey(type: string, message: string): string {
  return truncate(`${type}: ${message}`, MAX_LENGTH);
}
