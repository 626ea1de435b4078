import type { AnyValue } from "@opentelemetry/api";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { SeverityLevel } from "@sentry/core";

/** Limits of the fields of a line, since an event may have a hundred lines. */
const MAX_FIELDS = 30;
const MAX_FIELD_LENGTH = 1024;

/**
 * Fields that an event has elsewhere, that are too long for a list of lines, or that
 * loggers of requests add: events have no addresses.
 */
const OMITTED_FIELDS: ReadonlySet<string> = new Set([
  ...["telltale.request.id", "user.id", "user_id", "telltale.organization.id"],
  ...["sentry.event_id", "exception.stacktrace", "log.record.original"],
  ...["ip", "clientIp", "client_ip", "remoteAddress", "remote_address", "remote_addr"],
  ...["remotePort", "userAgent", "user_agent"],
]);

/** Names of fields whose value is a URL: events have no query strings. */
const URL_FIELD = /(?:^|[._-])(?:url|uri|path|href)$|(?:Url|Uri|Path|Href)$/;

/** Returns Sentry's level for a line. */
export function levelOf({ severityNumber = 0, severityText }: ReadableLogRecord): SeverityLevel {
  if (severityNumber >= 21) return "fatal";
  if (severityNumber >= 17) return "error";
  if (severityNumber >= 13) return "warning";
  // That of `console.log`.
  if (severityText === "log") return "log";
  return severityNumber >= 9 || severityNumber === 0 ? "info" : "debug";
}

/** Returns the message of a line, as it is shown. */
export function lineText({ body }: ReadableLogRecord): string {
  return typeof body === "string" ? body : jsonOf(body);
}

/**
 * Returns the other fields of a line, without lists and objects, which may be requests,
 * responses and bodies.
 */
export function lineFields({ attributes }: ReadableLogRecord): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  let count = 0;
  for (const key of Object.keys(attributes)) {
    const value = attributes[key];
    if (OMITTED_FIELDS.has(key) || typeof value === "object") continue;
    if (count++ >= MAX_FIELDS) break;
    fields[key] = typeof value === "string" ? shortened(key, value) : value;
  }
  return fields;
}

function shortened(key: string, value: string): string {
  const [bare = ""] = URL_FIELD.test(key) ? value.split(/[?#]/, 1) : [value];
  return bare.slice(0, MAX_FIELD_LENGTH);
}

/** Returns the library that wrote a line. The scope of a logger of `telltale/logger`, which is winston, is its name. */
export function libraryOf({ attributes, instrumentationScope }: ReadableLogRecord): string {
  const { name } = instrumentationScope;
  return attributes["logger"] === name ? "winston" : name;
}

/** Returns the name that the app has given its logger, or else the name of the library. */
export function loggerNameOf({ attributes, instrumentationScope }: ReadableLogRecord): string {
  const { name: library } = instrumentationScope;
  const hasName = library === "pino" || library === "bunyan";
  const name = attributes["logger"] ?? attributes[hasName ? "name" : "label"];
  return typeof name === "string" && name !== "" ? name : library;
}

function jsonOf(body: AnyValue): string {
  try {
    return JSON.stringify(body) ?? "";
  } catch {
    // A bigint.
    return String(body);
  }
}
