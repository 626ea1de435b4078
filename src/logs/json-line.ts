import type { AnyValue } from "@opentelemetry/api";
import { formatTraceFlags } from "./correlation.ts";
import { escapeUnsafe, toJsonString } from "./json-string.ts";
import { EVENT_NAME_FIELD, type LogRecord } from "./log-record.ts";
import { truncateWellFormed } from "./value.ts";

/** The fields of every line, in their order. Those without a value are left out. */
const FIELDS = [
  "timestamp",
  "level",
  "message",
  "service",
  "environment",
  "logger",
  "trace_id",
  "span_id",
  "trace_flags",
  "request_id",
  "user_id",
  "organization_id",
] as const;

/** Longer lines have cut values: readers of log files, such as Fluent Bit, skip or split such lines. */
const MAX_LINE_LENGTH = 1_000_000;

/** Length of a value in a line that is too long. */
const MAX_VALUE_LENGTH = 250_000;

/** Length of the app's own fields in such a line; the message has the rest. */
const SPACE_FOR_APP_FIELDS = 700_000;

/** The mark at the end of a text that was cut. */
const TRUNCATED = "[Truncated]";

type FieldName = (typeof FIELDS)[number];
type Fields = Partial<Record<FieldName, AnyValue>>;

/** The attributes of a record that are fields. */
const FIELD_OF_ATTRIBUTE: Readonly<Record<string, FieldName>> = {
  "telltale.request.id": "request_id",
  "user.id": "user_id",
  "telltale.organization.id": "organization_id",
};

/** Fields that the app may set itself; the others keep telltale's value. */
const APP_FIELDS: ReadonlySet<string> = new Set<FieldName>([
  "service",
  "environment",
  "logger",
  "request_id",
  "user_id",
  "organization_id",
]);

/**
 * Returns a record as one line of JSON, without its line break: for any reader and on a
 * terminal. The record has the policy of secrets applied. The log files and the lines on
 * stdout have the same form.
 */
export function jsonLineOf(record: LogRecord): string {
  const members = membersOf(record, memberOf);
  const isLong = members.length > MAX_LINE_LENGTH;
  return escapeUnsafe(`{${(isLong ? shortMembersOf(record) : members).slice(1)}}`);
}

/** @param toMember is called for the fields of all lines after the others. */
function membersOf(record: LogRecord, toMember: typeof memberOf): string {
  const fields = fieldsOf(record);
  const names = eventNamesOf(record);
  // Each event of telltale has its message.
  let rest = names === undefined ? toMember(EVENT_NAME_FIELD, record.eventName) : "";
  const pairs = record.attributePairs() ?? Object.entries(record.attributes).flat();
  for (let index = 0; index < pairs.length; index += 2) {
    const name = pairs[index] as string;
    const value = pairs[index + 1];
    if (takeField(fields, name, value)) continue;
    rest += toMember(names === undefined ? lineNameOf(name) : names.of(name), value);
  }
  let line = "";
  for (const name of FIELDS) line += toMember(name, fields[name]);
  return line + rest;
}

/** Returns the names of the fields of an event of telltale; undefined for the records of the app. */
function eventNamesOf({ eventName }: LogRecord): EventFieldNames | undefined {
  return eventName?.startsWith(EVENT_PREFIX) === true ? new EventFieldNames() : undefined;
}

function fieldsOf(record: LogRecord): Fields {
  const { attributes } = record.resource;
  const { spanContext } = record;
  return {
    timestamp: isoTimeOf(record),
    level: levelOf(record),
    message: record.body ?? record.eventName ?? "",
    service: attributes["service.name"],
    environment: attributes["deployment.environment.name"],
    logger: record.instrumentationScope.name,
    ...(spanContext !== undefined && {
      trace_id: spanContext.traceId,
      span_id: spanContext.spanId,
      trace_flags: formatTraceFlags(spanContext.traceFlags),
    }),
  };
}

/** Takes an attribute into the fields. Returns false if it is none of them. */
function takeField(fields: Fields, name: string, value: AnyValue): boolean {
  const idName = FIELD_OF_ATTRIBUTE[name];
  if (idName !== undefined) {
    fields[idName] ??= value;
    return true;
  }
  if (!APP_FIELDS.has(name) || value === undefined || value === null) return false;
  fields[name as FieldName] = value;
  return true;
}

/** The names of the fields of one line of telltale's own events: short, and each once. */
class EventFieldNames {
  readonly #used = new Set<string>();

  of(attribute: string): string {
    const short = lineNameOf(shortNameOf(attribute));
    const name = this.#used.has(short) ? `app_${short}` : short;
    this.#used.add(name);
    return name;
  }
}

const EVENT_PREFIX = "telltale.";

/** Attributes of requests that begin so have the rest as their field: `database_duration`. */
const REQUEST_PREFIX = "telltale.request.";

/** Names of the fields of telltale's events, where they differ from those of attributes. */
const SHORT_NAMES: ReadonlyMap<string, string> = new Map([
  ["http.request.method", "method"],
  ["http.route", "route"],
  ["url.path", "path"],
  ["http.response.status_code", "status"],
  ["http.server.request.duration", "duration"],
  ["http.request.body.size", "request_size"],
  ["http.response.body.size", "response_size"],
  ["network.protocol.version", "protocol_version"],
  ["error.type", "error_type"],
  ["db.query.text", "statement"],
  ["db.client.operation.duration", "duration"],
  ["db.response.returned_rows", "rows"],
  ["db.system.name", "database"],
  ["telltale.operation.name", "operation"],
  ["telltale.operation.duration", "duration"],
  ["telltale.security.event", "event"],
  ["telltale.security.severity", "severity"],
  ["telltale.rate_limit.limiter", "limiter"],
  ["client.address", "client_address"],
]);

function shortNameOf(attribute: string): string {
  const name = SHORT_NAMES.get(attribute);
  if (name !== undefined) return name;
  return attribute.startsWith(REQUEST_PREFIX)
    ? attribute.slice(REQUEST_PREFIX.length).replaceAll(".", "_")
    : attribute;
}

/** Renames an attribute that would repeat a field which telltale sets. */
function lineNameOf(name: string): string {
  return (FIELDS as readonly string[]).includes(name) ? `app_${name}` : name;
}

/**
 * Returns the members of a line that is too long: long values are cut, and further
 * fields of the app are left out if there are too many.
 */
function shortMembersOf(record: LogRecord): string {
  let space = SPACE_FOR_APP_FIELDS;
  let leftOut = 0;
  const members = membersOf(record, (name, value) => {
    const member = memberOf(name, shortValueOf(value));
    if ((FIELDS as readonly string[]).includes(name)) return member;
    if (member.length > space) {
      leftOut++;
      return "";
    }
    space -= member.length;
    return member;
  });
  return leftOut === 0 ? members : members + memberOf("log.record.dropped_fields", leftOut);
}

/** Cuts a long text; a list or map becomes its text. */
function shortValueOf(value: AnyValue): AnyValue {
  const text = typeof value === "string" ? value : (jsonOf(value) ?? "");
  if (text.length <= MAX_VALUE_LENGTH) return value;
  return truncateWellFormed(text, MAX_VALUE_LENGTH) + TRUNCATED;
}

function memberOf(name: string, value: AnyValue): string {
  const json = jsonOf(value);
  return json === undefined ? "" : `,${toJsonString(name)}:${json}`;
}

function jsonOf(value: AnyValue): string | undefined {
  switch (typeof value) {
    case "string":
      return toJsonString(value);
    case "number":
      return Number.isFinite(value) ? String(value) : `"${value}"`;
    case "boolean":
    case "bigint":
      return String(value);
    case "object":
      return value === null ? "null" : JSON.stringify(value, replaceValue);
    default:
      return undefined;
  }
}

/** Replaces nested values that JSON has no form for. */
function replaceValue(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** Names by the ranges of OpenTelemetry's severities, for records without a text. */
const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

/** The console's methods that are no levels. */
const LEVEL_OF_METHOD: Readonly<Record<string, string>> = { log: "info", dir: "info" };

function levelOf({ severityText, severityNumber = 0, instrumentationScope }: LogRecord): string {
  const named = LEVELS[Math.floor((severityNumber - 1) / 4)] ?? "info";
  if (severityText === undefined || severityText === "") return named;
  const isConsole = instrumentationScope.name === "console";
  return (isConsole ? LEVEL_OF_METHOD[severityText] : undefined) ?? severityText;
}

/** Many lines have the same millisecond, and a `Date` with its text takes 0.4 us. */
let lastMs = NaN;
let lastText = "";

function isoTimeOf({ hrTime: [seconds, nanos] }: LogRecord): string {
  const ms = seconds * 1000 + Math.floor(nanos / 1e6);
  if (ms !== lastMs) {
    lastMs = ms;
    lastText = new Date(ms).toISOString();
  }
  return lastText;
}
