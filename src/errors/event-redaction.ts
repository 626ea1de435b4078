import type { Event } from "@sentry/core";
import type { Redactor } from "../redaction/redactor.ts";

/** Fields with data of the app. The others are set by Sentry's client. */
const appFields = [
  "message",
  "logentry",
  "transaction",
  "exception",
  "threads",
  "breadcrumbs",
  "request",
  "user",
  "tags",
  "extra",
  "fingerprint",
] as const satisfies readonly (keyof Event)[];

/** Removes the secrets in any field of an event: messages, breadcrumbs, extra, lines of source. */
export function redactEvent(event: Event, redactor: Redactor): Event {
  const redacted: Record<string, unknown> = { ...event };
  for (const field of appFields) {
    const value = event[field];
    if (value !== undefined) redacted[field] = redactor.field(field, value);
  }
  if (event.contexts === undefined) return redacted;
  const { trace, ...contexts } = event.contexts;
  return {
    ...redacted,
    contexts: { ...redactor.attributes(contexts), ...(trace !== undefined && { trace }) },
  };
}
