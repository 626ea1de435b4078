import { _INTERNAL_filterQueryParams } from "@sentry/core";
import { REDACTED, redactQuery } from "../../secrets.ts";

/** Sentry's own mark of a value that was removed. */
export const FILTERED = "[Filtered]";

/** Longer values are searched for tokens up to here. */
const MAX_SEARCHED = 2_000;

/** Whether one of the words of a text is a known token, or a URL with one. */
export function hasToken(text: string): boolean {
  const words = text.slice(0, MAX_SEARCHED).split(/[\s,;"'=]+/);
  // A word without `=` is redacted only for its form.
  return words.some((word) => redactQuery(word) !== word || word === REDACTED);
}

/** Longer queries are truncated. */
const MAX_QUERY_LENGTH = 10_000;

/** Returns a query without its secrets. */
export function filterQuery(query: string): string {
  const redacted = redactQuery(query.slice(0, MAX_QUERY_LENGTH));
  return _INTERNAL_filterQueryParams(redacted, true) ?? "";
}
