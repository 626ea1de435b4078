import { cacheByName, lowCardinality } from "../../low-cardinality.ts";

/**
 * Replaces the ids in a subject or routing key, so that it can be a label:
 * `orders.4711.paid` -> `orders.*.paid`. An id is a part with three digits in a
 * row, one of at least sixteen hexadecimal digits and dashes, or one that
 * `lowCardinality` replaces.
 */
export const destinationTemplate: (subject: string) => string = cacheByName(templateOf);

function templateOf(subject: string): string {
  const reduced = lowCardinality(subject);
  if (!/\d{3}|[\da-f-]{16}/i.test(reduced)) return reduced;
  return reduced
    .split(".")
    .map((part) => (/\d{3}|^[\da-f-]{16,}$/i.test(part) ? "*" : part))
    .join(".");
}
