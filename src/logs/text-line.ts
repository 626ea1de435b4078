import { type JsonLine, parseJsonLine } from "./parse-json-line.ts";
import type { LineMetadata } from "./line-metadata.ts";
import {
  addStructuredLine,
  stripColors,
  setSpanContextFromLine,
  visibleException,
  containsText,
} from "./structured-line.ts";
import type { LogRecord } from "./log-record.ts";
import { addIdAttributes, isTraceField, isUnitOfWorkField, visibleIds } from "./record-ids.ts";

/** What a text was made of: the words and numbers that the app's format left. */
export type FieldValues = ReadonlyMap<string, ScalarValue>;

export type ScalarValue = string | number | bigint | boolean;

/**
 * Puts a text that is no JSON (of `printf`, `simple`, a hook) into a record. The
 * message is the body if the text has it, else the text is; a field is an
 * attribute if the text has that. What the text says beside these is in
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

/** The message, where the text has it; else undefined. */
function findMessage(text: string, message: string | undefined): string | undefined {
  const plain = message === undefined ? "" : stripColors(message).trim();
  return plain !== "" && text.includes(plain) ? plain : undefined;
}

interface TrailingJson {
  /** Where it begins. */
  readonly index: number;
  readonly line: JsonLine;
}

/** The fields at the end of a text: `placed {"order":12}`. */
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
  const knownParts: (ScalarValue | undefined)[] = [message, ...levelTexts(metadata)];
  for (const [key, value] of fieldValues) {
    if (key === "level" || key === metadata.keys.message || !containsField(text, key, value))
      continue;
    knownParts.push(value, key);
    if (isTraceField(key, value, record) || isUnitOfWorkField(key, value, ids)) continue;
    if (key === "timestamp" && typeof value === "string") record.setTimestampText(value);
    else if (key !== metadata.keys.stack || error === undefined) record.setAttribute(key, value);
  }
  if (error !== undefined) record.addException(visibleException(error, [text], undefined));
  if (message !== undefined && hasUnknownText(text, knownParts))
    record.setAttribute("log.record.original", text);
}

function levelTexts({ severityText }: LineMetadata): string[] {
  return [severityText, severityText.toUpperCase()];
}

/** A shorter value may stand in a text by chance, if its name doesn't. */
const MIN_STANDALONE_LENGTH = 8;

/** How many places of a name are looked at: a text may come from anybody. */
const MAX_OCCURRENCES = 50;

function containsField(text: string, key: string, value: ScalarValue): boolean {
  const valueText = String(value);
  if (valueText === "" || key === "") return false;
  if (key === "timestamp") return text.includes(valueText);
  if (valueText.length >= MIN_STANDALONE_LENGTH && containsWord(text, valueText)) return true;
  let index = text.indexOf(key);
  for (let occurrence = 0; index !== -1 && occurrence < MAX_OCCURRENCES; occurrence++) {
    const from = index + key.length;
    const after = text
      .slice(from, from + valueText.length + 8)
      .replace(/^["']?\s?[=: ][\s"'[(]{0,3}/, "");
    if (after.startsWith(valueText) && !isWordCharacter(after[valueText.length])) return true;
    index = text.indexOf(key, from);
  }
  return false;
}

function containsWord(text: string, word: string): boolean {
  const index = text.indexOf(word);
  return (
    index !== -1 && !isWordCharacter(text[index - 1]) && !isWordCharacter(text[index + word.length])
  );
}

function isWordCharacter(letter: string | undefined): boolean {
  return letter !== undefined && /[\p{L}\p{N}]/u.test(letter);
}

/** Whether a text says more than what is known to be in it. */
function hasUnknownText(text: string, knownParts: readonly (ScalarValue | undefined)[]): boolean {
  let rest = text;
  for (const part of knownParts) {
    if (part !== undefined && part !== "") rest = rest.replace(String(part), () => " ");
  }
  return /[\p{L}\p{N}]/u.test(rest);
}
