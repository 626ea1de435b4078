import type { AnyValue } from "@opentelemetry/api";
import { formatTraceFlags } from "../correlation.ts";
import { escapeUnsafe, toJsonString } from "../json-string.ts";
import { EVENT_NAME_FIELD, type LogRecord } from "../log-record.ts";

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

type FieldName = (typeof FIELDS)[number];
type Fields = Partial<Record<FieldName, AnyValue>>;

/** The attributes of a record that lines have under another name. */
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
 * Returns a record as one line of JSON, with its line break: for any reader and on a
 * terminal. The record has the
 * policy of secrets applied.
 */
export function jsonLineOf(record: LogRecord): string {
  const fields = fieldsOf(record);
  let rest = memberOf(EVENT_NAME_FIELD, record.eventName);
  const pairs = record.attributePairs() ?? Object.entries(record.attributes).flat();
  for (let index = 0; index < pairs.length; index += 2) {
    const name = pairs[index] as string;
    const value = pairs[index + 1];
    if (!takeField(fields, name, value)) rest += memberOf(lineNameOf(name), value);
  }
  let line = "";
  for (const name of FIELDS) line += memberOf(name, fields[name]);
  return `${escapeUnsafe(`{${(line + rest).slice(1)}}`)}\n`;
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

/** Renames an attribute that would repeat a field which telltale sets. */
function lineNameOf(name: string): string {
  return (FIELDS as readonly string[]).includes(name) ? `app_${name}` : name;
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
