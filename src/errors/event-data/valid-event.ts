import type { Breadcrumb, Event, Exception, SeverityLevel, User } from "@sentry/core";
import { truncate } from "../../text.ts";
import { safeString } from "../readable-error.ts";

/** Sentry truncates longer messages. */
export const MAX_TEXT_LENGTH = 8_192;

const MAX_NAME_LENGTH = 200;
const MAX_LOGGER_LENGTH = 64;
/** https://docs.sentry.io/platforms/javascript/enriching-events/tags/ */
const MAX_TAG_LENGTH = 200;
const MAX_TYPE_LENGTH = 256;
const MAX_CATEGORY_LENGTH = 128;
/** https://develop.sentry.dev/sdk/data-model/envelope-items/#user-feedback */
const MAX_FEEDBACK_LENGTH = 4_096;

/** The fields of a user that are texts for Sentry, with their maximum lengths. */
const userFields = { id: 128, username: 128, name: 128, email: 75 } as const;

/** Those that are objects. */
const userRecords = ["data", "geo"] as const;

const LEVELS: ReadonlySet<unknown> = new Set(["fatal", "error", "warning", "info", "debug"]);

/** The fields of an event that may have another form, each with a function that returns the documented one. */
const forms: Readonly<Partial<Record<keyof Event, (value: unknown) => unknown>>> = {
  level: (level) => validLevel(level) ?? "error",
  message: (message) => textOf(message, MAX_TEXT_LENGTH),
  transaction: (name) => textOf(name, MAX_NAME_LENGTH).trim() || undefined,
  logger: (name) => textOf(name, MAX_LOGGER_LENGTH).replaceAll(/[\r\n]/g, " ") || undefined,
  tags: (tags) => recordOf(tags, validTags),
  user: (user) => recordOf(user, validUser),
  contexts: (contexts) => recordOf(contexts, validContexts),
  extra: (extra) => recordOf(extra, (entries) => entries),
  fingerprint: (parts) => listOf(parts)?.map((part) => textOf(part, MAX_TEXT_LENGTH)),
  breadcrumbs: (breadcrumbs) => recordsOf(breadcrumbs)?.map(validBreadcrumb),
  exception: validExceptions,
};

/**
 * Returns an event in the form that Sentry documents, without changing it. Of other
 * forms that apps use, Sentry drops or rewrites a part, such as a tag with a line break,
 * a number as the id of a user, or the level `log`.
 * https://develop.sentry.dev/sdk/data-model/event-payloads/
 */
export function validEvent(event: Event): Event {
  const valid: Record<string, unknown> = { ...event };
  for (const [field, form] of Object.entries(forms)) {
    const value = valid[field];
    if (value !== undefined) valid[field] = value === null ? undefined : form(value);
  }
  return valid;
}

function validLevel(level: unknown): SeverityLevel | undefined {
  if (level === "log") return "info";
  return LEVELS.has(level) ? (level as SeverityLevel) : undefined;
}

/** Of tags that are the same in Sentry's form, the first one is kept. */
function validTags(tags: Fields): Record<string, string> {
  const valid = new Map<string, string>();
  for (const [name, value] of Object.entries(tags)) {
    const key = validTagKey(name);
    if (key === "" || valid.has(key) || value === undefined || value === null) continue;
    valid.set(key, textOf(value, MAX_TAG_LENGTH).replaceAll("\n", " "));
  }
  return Object.fromEntries(valid);
}

/** Sentry itself replaces spaces by hyphens, and drops a tag with any other character in its name. */
function validTagKey(name: string): string {
  const key = truncate(name.trim(), MAX_TAG_LENGTH).replaceAll(" ", "-");
  return key.replaceAll(/[^\w.:-]/g, "_");
}

/** Other fields of a user are stored as they are. */
function validUser({ ip_address, ...user }: Fields): User {
  const valid: Record<string, unknown> = { ...user };
  for (const [field, maxLength] of Object.entries(userFields)) {
    const value = user[field];
    if (value === undefined) continue;
    const text = value === null ? "" : textOf(value, maxLength);
    valid[field] = text.trim() === "" ? undefined : text;
  }
  for (const field of userRecords) if (!isRecord(valid[field])) delete valid[field];
  const isAddress = typeof ip_address === "string" && ADDRESS.test(ip_address);
  return { ...valid, ...(isAddress && { ip_address }) };
}

/** An IP address, or the text by which Sentry takes that of the sender. */
const ADDRESS = /^(?:[\da-f.:]{2,45}|\{\{auto\}\})$/i;

function validContexts(contexts: Fields): Fields {
  const entries = Object.entries(contexts).filter(
    ([, value]) => value !== undefined && value !== null,
  );
  return Object.fromEntries(
    entries.map(([name, value]) => [name, validContext(name, isRecord(value) ? value : { value })]),
  );
}

function validContext(name: string, context: Fields): Fields {
  if (name !== "feedback") return context;
  const { message, associated_event_id, ...fields } = context;
  const isId = typeof associated_event_id === "string" && EVENT_ID.test(associated_event_id);
  return {
    ...fields,
    message: textOf(message, MAX_FEEDBACK_LENGTH),
    ...(isId && { associated_event_id }),
  };
}

const EVENT_ID = /^[\da-f]{32}$/;

/** Sentry drops fields of other names. */
function validBreadcrumb(breadcrumb: Fields): Breadcrumb {
  const { type, category, message, level, timestamp, data } = breadcrumb;
  const valid = {
    type: optionalText(type, MAX_CATEGORY_LENGTH),
    category: optionalText(category, MAX_CATEGORY_LENGTH),
    message: optionalText(message, MAX_TEXT_LENGTH),
    level: validLevel(level),
    timestamp: Number.isFinite(timestamp) ? timestamp : undefined,
    data: data === undefined || data === null || isRecord(data) ? data : { value: data },
  };
  return Object.fromEntries(
    Object.entries(valid).filter(([, value]) => value !== undefined && value !== null),
  );
}

function validExceptions(exception: unknown): Event["exception"] {
  const values = isRecord(exception) ? recordsOf(exception["values"]) : undefined;
  return values === undefined || values.length === 0
    ? undefined
    : { values: values.map(validException) };
}

/** One of a message, with the stack of its caller, has no type. */
function validException({ type, value, ...exception }: Fields): Exception {
  const text = value === undefined || value === null ? undefined : textOf(value, MAX_TEXT_LENGTH);
  const name = optionalText(type, MAX_TYPE_LENGTH) ?? (text ? undefined : "Error");
  return {
    ...exception,
    ...(name !== undefined && { type: name }),
    ...(text !== undefined && { value: text }),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function recordOf(value: unknown, valid: (fields: Fields) => unknown): unknown {
  return isRecord(value) ? valid(value) : undefined;
}

/** Returns the objects of a list. */
function recordsOf(value: unknown): readonly Fields[] | undefined {
  return listOf(value)?.filter(isRecord);
}

function listOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

function optionalText(value: unknown, maxLength: number): string | undefined {
  return value === undefined || value === null || value === ""
    ? undefined
    : textOf(value, maxLength);
}

function textOf(value: unknown, maxLength: number): string {
  const text = safeString(value);
  return text.length > maxLength ? `${truncate(text, maxLength - 1)}…` : text;
}
