import type { LogContext } from "../../../logs/correlation.ts";
import { MAX_FAST_LENGTH, toJsonString } from "../../../logs/json-string.ts";
import {
  CACHED_FIELD,
  type FieldKind,
  jsonLayoutOf,
  type LayoutField,
  REQUEST_ID_FIELD,
  SPAN_ID_FIELD,
  TRACE_ID_FIELD,
} from "./json-layout.ts";
import { linesInFlight } from "./lines-in-flight.ts";
import type { PlainInfo } from "./winston-info.ts";

/*
 * Winston's `format.json()` creates its serialiser again for each line. The
 * serialiser calls a function for each field and sorts the names: 3.5 us of the
 * 36 us of an Express request (measured without telltale), more than telltale
 * itself takes for a line. So the text of an ordinary line is written here, the
 * same to the letter.
 */

/**
 * Writes the JSON of a line and sets `lastFormatted`. Returns undefined if a field
 * is more than a text, a number, a boolean or null.
 *
 * @param logContext the ids that were put on the line; they need no escaping.
 */
export function formatJson(
  info: PlainInfo,
  values: readonly unknown[],
  logContext: LogContext | undefined,
): string | undefined {
  const layout = jsonLayoutOf(Object.keys(info));
  if (layout === undefined) return undefined;
  let text = "";
  for (const field of layout.sortedFields) {
    const value = values[field.index];
    switch (typeof value) {
      case "string":
        text += isInjectedId(value, field.kind, logContext)
          ? `${field.prefix}"${value}"`
          : formatTextField(field, value);
        break;
      case "number":
        text += field.prefix + (Number.isFinite(value) ? String(value) : "null");
        break;
      case "boolean":
        text += field.prefix + (value ? "true" : "false");
        break;
      case "object":
        if (value !== null) return undefined;
        text += `${field.prefix}null`;
        break;
      case "bigint":
        return undefined;
      default:
        // JSON leaves out undefined, functions and symbols. The first prefix has the brace.
        if (text === "") return undefined;
    }
  }
  text += "}";
  linesInFlight.lastFormatted = { info, text, layout, values };
  return text;
}

/** Whether a value is an id that telltale put on the line: only letters and digits. */
function isInjectedId(value: string, kind: FieldKind, logContext: LogContext | undefined): boolean {
  switch (kind) {
    case TRACE_ID_FIELD:
      return value === logContext?.spanContext?.traceId;
    case SPAN_ID_FIELD:
      return value === logContext?.spanContext?.spanId;
    case REQUEST_ID_FIELD:
      return value === logContext?.unit?.requestId;
    default:
      return false;
  }
}

/** Writes a text field. Levels and most messages repeat, so their last text is cached. */
function formatTextField(field: LayoutField, value: string): string {
  if (field.kind !== CACHED_FIELD || value.length >= MAX_FAST_LENGTH)
    return field.prefix + toJsonString(value);
  if (value !== field.lastValue) {
    field.lastText = field.prefix + toJsonString(value);
    field.lastValue = value;
  }
  return field.lastText;
}
