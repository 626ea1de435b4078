import type { LineMetadata } from "./line-metadata.ts";
import { visibleException } from "./line-exception.ts";
import {
  containsField,
  containsText,
  type FieldValue,
  hasUnknownText,
  stripColors,
} from "./line-text.ts";
import type { LogRecord } from "./log-record.ts";
import { type JsonLine, parseJsonLine } from "./parse-json-line.ts";
import { addIdAttributes, isTraceField, isUnitOfWorkField, visibleIds } from "./record-ids.ts";
import { addStructuredLine, setSpanContextFromLine } from "./structured-line.ts";

/** The fields of a line as the app's format returned them, by name. */
export type FieldValues = ReadonlyMap<string, FieldValue>;

/**
 * Fills a record from a text that is not JSON (of `printf`, `simple`, a hook). The
 * body is the message if the text contains it, else the text. A field becomes an
 * attribute if the text contains it. A text with more than that is stored whole in
 * `log.record.original`.
 */
export function addTextLine(
  record: LogRecord,
  text: string,
  fieldValues: FieldValues,
  metadata: LineMetadata,
): void {
  const visibleText = stripColors(text).trim();
  const ids = metadata.areIdsInjected
    ? visibleIds(
        metadata.ids,
        (name, value) => fieldValues.has(name) || containsText(visibleText, value),
      )
    : metadata.ids;
  const known: LineMetadata = { ...metadata, ids, areIdsInjected: false };
  const message = findMessage(visibleText, metadata.message);
  const json = findTrailingJson(visibleText, message);
  if (json === undefined) addTextFields(record, visibleText, message, fieldValues, known);
  else addTrailingJson(record, visibleText, message, json, fieldValues, known);
}

/** Returns the message if the text contains it. */
function findMessage(text: string, message: string | undefined): string | undefined {
  const plain = message === undefined ? "" : stripColors(message).trim();
  return plain !== "" && text.includes(plain) ? plain : undefined;
}

interface TrailingJson {
  /** The position of its brace. */
  readonly index: number;
  readonly line: JsonLine;
}

/** Finds JSON at the end of a text: `placed {"order":12}`. */
function findTrailingJson(text: string, message: string | undefined): TrailingJson | undefined {
  if (!text.endsWith("}")) return undefined;
  const afterMessage = message === undefined ? 0 : text.indexOf(message) + message.length;
  for (const from of new Set([0, afterMessage])) {
    const index = text.indexOf("{", from);
    const line = index === -1 ? undefined : parseJsonLine(text.slice(index));
    if (line !== undefined) return { index, line };
  }
  return undefined;
}

function addTrailingJson(
  record: LogRecord,
  text: string,
  message: string | undefined,
  { index, line }: TrailingJson,
  fieldValues: FieldValues,
  metadata: LineMetadata,
): void {
  const { keys } = metadata;
  const hasMessage = Object.hasOwn(line, keys.message);
  addStructuredLine(
    record,
    hasMessage ? line : { ...line, [keys.message]: message },
    text,
    metadata,
  );
  const { timestamp } = Object.fromEntries(fieldValues);
  const before = text.slice(0, index);
  if (typeof timestamp === "string" && before.includes(timestamp))
    record.setTimestampText(timestamp);
  if (
    record.body !== text &&
    hasUnknownText(before, [message, ...levelTexts(metadata), timestamp])
  ) {
    record.setAttribute("log.record.original", text);
  }
}

function addTextFields(
  record: LogRecord,
  text: string,
  message: string | undefined,
  fieldValues: FieldValues,
  metadata: LineMetadata,
): void {
  const { ids, error } = metadata;
  setSpanContextFromLine(record, Object.fromEntries(fieldValues), metadata.spanContext);
  addIdAttributes(record, ids);
  record.setBody(message ?? text);
  const knownParts: (FieldValue | undefined)[] = [message, ...levelTexts(metadata)];
  for (const [key, value] of fieldValues) {
    if (key === "level" || key === metadata.keys.message || !containsField(text, key, value))
      continue;
    knownParts.push(value, key);
    if (isTraceField(key, value, record) || isUnitOfWorkField(key, value, ids)) continue;
    if (key === "timestamp" && typeof value === "string") record.setTimestampText(value);
    else if (key !== metadata.keys.stack || error === undefined) record.setField(key, value);
  }
  if (error !== undefined) record.addException(visibleException(error, [text], undefined));
  if (message !== undefined && hasUnknownText(text, knownParts))
    record.setAttribute("log.record.original", text);
}

function levelTexts({ severityText }: LineMetadata): string[] {
  return [severityText, severityText.toUpperCase()];
}
