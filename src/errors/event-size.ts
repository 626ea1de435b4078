import type { Event } from "@sentry/core";
import { tryRead } from "../try-read.ts";

/**
 * Maximum size of an event without its source lines and the envelope's headers. Sentry
 * rejects an event of more than 1 MiB.
 * https://develop.sentry.dev/sdk/data-model/envelopes/#size-limits
 */
export const MAX_EVENT_BYTES = 900_000;

/** Limits of a truncated value. */
interface Limits {
  /** Length of a text, in UTF-16 units. */
  readonly text: number;
  /** Number of entries of a list or an object. */
  readonly entries: number;
  readonly depth: number;
}

/** Limits for fields that apps fill, applied row by row until the event is small enough. */
const limits: readonly Limits[] = [
  { text: 50_000, entries: 500, depth: 10 },
  { text: 10_000, entries: 100, depth: 6 },
  { text: 1_000, entries: 30, depth: 4 },
  { text: 200, entries: 10, depth: 3 },
];
const appFields = [
  "extra",
  "breadcrumbs",
  "contexts",
  "user",
  "tags",
  "request",
  "fingerprint",
] as const;

/** Fields that are always sent: enough to identify the error. */
const essentialFields = [
  ...["event_id", "timestamp", "level", "platform", "environment", "release", "transaction"],
  ...["sdk", "message", "exception", "contexts"],
] as (keyof Event)[];
const essentialLimits: Limits = { text: 200, entries: 50, depth: 10 };

/**
 * Returns the event if it is small enough. Otherwise returns a copy whose fields are
 * truncated as far as necessary, down to the error alone; also if a getter or a proxy in
 * it throws. However large, deep or circular the event is, this takes the time of a few
 * events of `maxBytes`.
 */
export function fitEvent(event: Event, maxBytes: number): Event {
  if (fitsWithin(event, maxBytes)) return event;
  for (const row of limits) {
    const cut: Event = { ...event };
    for (const field of appFields) {
      if (event[field] === undefined) continue;
      Object.assign(cut, { [field]: truncateValue(event[field], row, { bytes: maxBytes }) });
    }
    const { trace } = event.contexts ?? {};
    if (trace !== undefined) cut.contexts = { ...cut.contexts, trace };
    if (fitsWithin(cut, maxBytes)) return cut;
  }
  return essentialEvent(event, maxBytes);
}

function essentialEvent(event: Event, maxBytes: number): Event {
  const { trace } = event.contexts ?? {};
  const last = event.exception?.values?.slice(-1);
  const picked: Event = {
    ...Object.fromEntries(essentialFields.map((key) => [key, event[key]])),
    ...(last !== undefined && { exception: { values: last } }),
    contexts: trace === undefined ? {} : { trace },
  };
  const cut = truncateValue(picked, essentialLimits, { bytes: maxBytes }) as Event;
  return { ...cut, sdkProcessingMetadata: event.sdkProcessingMetadata ?? {} };
}

/** Whether an event can be read, and takes at most `maxBytes` of JSON, without the fields that are never sent. */
function fitsWithin(event: Event, maxBytes: number): boolean {
  return tryRead(() => isWithin(event, maxBytes)) ?? false;
}

function isWithin(event: Event, maxBytes: number): boolean {
  let bytes = 0;
  const stack: unknown[] = [{ ...event, sdkProcessingMetadata: undefined }];
  while (stack.length > 0 && bytes <= maxBytes) {
    const value = stack.pop();
    bytes += jsonSizeOf(value, maxBytes);
    if (typeof value !== "object" || value === null) continue;
    for (const key in value) {
      bytes += jsonSizeOf(key, maxBytes);
      if (bytes > maxBytes) break;
      stack.push((value as Readonly<Record<string, unknown>>)[key]);
    }
  }
  return bytes <= maxBytes;
}

/** Returns the size of a value without its entries, with a comma. A text that is too long is not scanned. */
function jsonSizeOf(value: unknown, maxBytes: number): number {
  if (typeof value !== "string") return 8;
  return value.length > maxBytes ? value.length : Buffer.byteLength(JSON.stringify(value)) + 1;
}

/** Truncates a value until `budget` is used up; the rest is left out. */
function truncateValue(
  value: unknown,
  limits: Limits,
  budget: { bytes: number },
  depth = 0,
): unknown {
  if (budget.bytes <= 0) return undefined;
  budget.bytes -= 8;
  if (typeof value === "string") return truncateText(value, limits, budget);
  if (typeof value !== "object" || value === null) return value;
  try {
    if (depth >= limits.depth) return Array.isArray(value) ? "[Array]" : "[Object]";
    return truncateEntries(value, limits, budget, depth);
  } catch {
    return UNREADABLE;
  }
}

function truncateEntries(
  value: object,
  limits: Limits,
  budget: { bytes: number },
  depth: number,
): unknown {
  if (Array.isArray(value)) {
    // The last breadcrumbs are the latest.
    return value
      .slice(-limits.entries)
      .map((entry) => truncateValue(entry, limits, budget, depth + 1));
  }
  const cut: Record<string, unknown> = {};
  let count = 0;
  for (const key in value) {
    if (count++ >= limits.entries) break;
    const entry = tryRead(() => (value as Readonly<Record<string, unknown>>)[key]);
    cut[truncateText(key, limits, budget)] = truncateValue(entry, limits, budget, depth + 1);
  }
  return cut;
}

/** Replaces an object of which not even the names can be read. */
const UNREADABLE = "[Unreadable]";

function truncateText(text: string, limits: Limits, budget: { bytes: number }): string {
  const cut = text.length > limits.text ? `${text.slice(0, limits.text)}…` : text;
  budget.bytes -= cut.length;
  return cut;
}
