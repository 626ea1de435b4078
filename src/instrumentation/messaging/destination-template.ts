import { lowCardinality } from "../../low-cardinality.ts";

/**
 * A subject or routing key with its ids taken out, so that it can be a label:
 * `orders.4711.paid` -> `orders.*.paid`. An id is a part with three digits in a
 * row, of sixteen and more hexadecimal digits and dashes, or one that is
 * generated as a name may be (`lowCardinality`).
 */
export function destinationTemplate(subject: string): string {
  const reduced = lowCardinality(subject);
  if (!/\d{3}|[\da-f-]{16}/i.test(reduced)) return reduced;
  return reduced
    .split(".")
    .map((part) => (/\d{3}|^[\da-f-]{16,}$/i.test(part) ? "*" : part))
    .join(".");
}
