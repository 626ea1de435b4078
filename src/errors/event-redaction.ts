import type { Breadcrumb, Event } from "@sentry/core";
import type { Redactor } from "../redaction/redactor.ts";

/** Fields with data of the app. The others are set by Sentry's client. */
const appFields = [
  "message",
  "logentry",
  "transaction",
  "exception",
  "threads",
  "user",
  "fingerprint",
] as const satisfies readonly (keyof Event)[];

/** Records of the app's fields. The paths of a policy begin in them. */
const appRecords = ["tags", "extra"] as const satisfies readonly (keyof Event)[];

/** Removes the secrets in any field of an event: messages, breadcrumbs, extra, lines of source. */
export function redactEvent(event: Event, redactor: Redactor): Event {
  const redacted: Record<string, unknown> = { ...event };
  for (const field of appFields) {
    const value = event[field];
    if (value !== undefined) redacted[field] = redactor.field(field, value);
  }
  for (const field of appRecords) {
    const record = event[field];
    if (record !== undefined) redacted[field] = redactor.attributes(record);
  }
  const { breadcrumbs, request, contexts } = event;
  if (breadcrumbs !== undefined)
    redacted["breadcrumbs"] = breadcrumbs.map((one) => redactBreadcrumb(one, redactor));
  if (request !== undefined) redacted["request"] = redactRequest(request, redactor);
  if (contexts === undefined) return redacted;
  const { trace, ...others } = contexts;
  return {
    ...redacted,
    contexts: {
      ...redactContexts(others, redactor),
      ...(trace !== undefined && { trace: redactTrace(trace, redactor) }),
    },
  };
}

/** Paths begin at the names of contexts, and in each of them. */
function redactContexts(
  contexts: NonNullable<Event["contexts"]>,
  redactor: Redactor,
): NonNullable<Event["contexts"]> {
  const entries = Object.entries(contexts).map(([name, context]) => [
    name,
    redactRecord(context, redactor),
  ]);
  return redactor.attributes(Object.fromEntries(entries) as typeof contexts);
}

/** The ids stay, which may be sixteen digits like a card's number. */
function redactTrace<T extends { readonly trace_id: string; readonly span_id: string }>(
  trace: T,
  redactor: Redactor,
): T {
  return { ...redactor.attributes(trace), ...idsOf(trace) };
}

function idsOf(trace: object): object {
  const ids = ["trace_id", "span_id", "parent_span_id"];
  return Object.fromEntries(Object.entries(trace).filter(([name]) => ids.includes(name)));
}

function redactBreadcrumb(breadcrumb: Breadcrumb, redactor: Redactor): Breadcrumb {
  const { data, ...others } = breadcrumb;
  return {
    ...redactor.attributes(others),
    ...(data !== undefined && { data: redactRecord(data, redactor) as typeof data }),
  };
}

function redactRequest(
  request: NonNullable<Event["request"]>,
  redactor: Redactor,
): NonNullable<Event["request"]> {
  const { data, ...others } = request;
  return {
    ...(redactor.field("request", others) as typeof request),
    ...(data !== undefined && { data: redactRecord(data, redactor) }),
  };
}

/** Returns a record as its fields without secrets, and any other value as a field. */
function redactRecord(data: unknown, redactor: Redactor): unknown {
  const isRecord = typeof data === "object" && data !== null && !Array.isArray(data);
  return isRecord ? redactor.attributes(data) : redactor.field("data", data);
}
