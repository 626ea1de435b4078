/**
 * A subject or routing key with its ids taken out, so that it can be a label:
 * `orders.4711.paid` -> `orders.*.paid`. An id is a part with three digits in a
 * row, or of sixteen and more hexadecimal digits and dashes.
 */
export function withoutIds(subject: string): string {
  if (!/\d{3}|[\da-f-]{16}/i.test(subject)) return subject;
  return subject
    .split(".")
    .map((part) => (/\d{3}|^[\da-f-]{16,}$/i.test(part) ? "*" : part))
    .join(".");
}
