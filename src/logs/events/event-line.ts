import { formatTraceFlags } from "../correlation.ts";
import { escapeUnsafe } from "../json-string.ts";
import type { LogRecord } from "../log-record.ts";
import type { LogEvent } from "./log-event.ts";

/** Names of fields on lines, where they differ from those of attributes. */
const FIELD_NAMES: ReadonlyMap<string, string> = new Map([
  ["telltale.request.id", "request_id"],
  ["user.id", "user_id"],
  ["telltale.organization.id", "organization_id"],
  ["http.request.method", "method"],
  ["http.route", "route"],
  ["url.path", "path"],
  ["http.response.status_code", "status"],
  ["http.server.request.duration", "duration"],
  ["http.request.body.size", "request_size"],
  ["http.response.body.size", "response_size"],
  ["network.protocol.version", "protocol_version"],
  ["error.type", "error_type"],
  ["telltale.request.aborted_by", "aborted_by"],
  ["db.query.text", "statement"],
  ["db.client.operation.duration", "duration"],
  ["db.response.returned_rows", "rows"],
  ["db.system.name", "database"],
  ["telltale.operation.name", "operation"],
  ["telltale.operation.duration", "duration"],
  ["telltale.security.event", "event"],
  ["telltale.security.severity", "severity"],
]);

/** Attributes of requests that begin so have the rest as their field: `database.duration`. */
const REQUEST_PREFIX = "telltale.request.";

/**
 * Returns the line of an event: JSON with the documented fields first. Its values are
 * those of the record, which has no secrets.
 */
export function formatEventLine(
  { level, time }: LogEvent,
  logger: string,
  record: LogRecord,
): string {
  const { spanContext, resource, attributes, body } = record;
  const line: Record<string, unknown> = {
    timestamp: new Date(time).toISOString(),
    level,
    message: body,
    service: resource.attributes["service.name"],
    environment: resource.attributes["deployment.environment.name"],
    logger,
    trace_id: spanContext?.traceId,
    span_id: spanContext?.spanId,
    trace_flags: spanContext && formatTraceFlags(spanContext.traceFlags),
    request_id: undefined,
    user_id: undefined,
    organization_id: undefined,
  };
  for (const [key, value] of Object.entries(attributes)) {
    const name = fieldName(key);
    if (line[name] === undefined) line[name] = value;
  }
  return escapeUnsafe(toJson(line));
}

/** Only a line with such integers, which JSON has no form for, pays for a replacer: 2 us. */
function toJson(line: object): string {
  try {
    return JSON.stringify(line);
  } catch {
    return JSON.stringify(line, bigintToText);
  }
}

function bigintToText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

function fieldName(attribute: string): string {
  const name = FIELD_NAMES.get(attribute);
  if (name !== undefined) return name;
  return attribute.startsWith(REQUEST_PREFIX)
    ? attribute.slice(REQUEST_PREFIX.length).replaceAll(".", "_")
    : attribute;
}
