import type { OtlpAttributes } from "../../../otlp/attributes.ts";
import { asText } from "../../../otlp/fields.ts";
import { truncate } from "../../../text.ts";

const MAX_VALUE = 4000;

/** Returns the headers of a request or a response, in their order; several values of one are joined. */
export function headersOf(
  attributes: OtlpAttributes,
  of: "request" | "response",
): Readonly<Record<string, string>> {
  const prefix = `http.${of}.header.`;
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => {
        const text = Array.isArray(value) ? value.map(asText).join(", ") : asText(value);
        return [key.slice(prefix.length), truncate(text, MAX_VALUE)];
      }),
  );
}
