import { type JsonLine, readJsonLine } from "./json-line.ts";
import type { LineFacts } from "./line-facts.ts";
import { addLine, plainText, setTrace, shownException, shows } from "./plain-line.ts";
import type { LogRecord } from "./record.ts";
import { addIds, isOfTrace, isOfWork, shownIds } from "./record-ids.ts";

/** What a text was made of: the words and numbers that the app's format left. */
export type Given = ReadonlyMap<string, Word>;

export type Word = string | number | bigint | boolean;

/**
 * Puts a text that is no JSON (of `printf`, `simple`, a hook) into a record. The
 * message is the body if the text has it, else the text is; a field is an
 * attribute if the text has that. What the text says beside these is in
 * `log.record.original`.
 */
export function addText(record: LogRecord, text: string, given: Given, facts: LineFacts): void {
  const shown = plainText(text).trim();
  const ids = facts.arePut
    ? shownIds(facts.ids, (name, value) => given.has(name) || shows(shown, value))
    : facts.ids;
  const known: LineFacts = { ...facts, ids, arePut: false };
  const message = messageIn(shown, facts.message);
  const json = jsonIn(shown, message);
  if (json === undefined) addParts(record, shown, message, given, known);
  else addWithJson(record, shown, message, json, given, known);
}

/** The message, where the text has it; else undefined. */
function messageIn(text: string, message: string | undefined): string | undefined {
  const plain = message === undefined ? "" : plainText(message).trim();
  return plain !== "" && text.includes(plain) ? plain : undefined;
}

interface Json {
  /** Where it begins. */
  readonly at: number;
  readonly line: JsonLine;
}

/** The fields at the end of a text: `placed {"order":12}`. */
function jsonIn(text: string, message: string | undefined): Json | undefined {
  if (!text.endsWith("}")) return undefined;
  const afterMessage = message === undefined ? 0 : text.indexOf(message) + message.length;
  for (const from of new Set([0, afterMessage])) {
    const at = text.indexOf("{", from);
    const line = at === -1 ? undefined : readJsonLine(text.slice(at));
    if (line !== undefined) return { at, line };
  }
  return undefined;
}

function addWithJson(
  record: LogRecord,
  text: string,
  message: string | undefined,
  { at, line }: Json,
  given: Given,
  facts: LineFacts,
): void {
  const { keys } = facts;
  const hasMessage = Object.hasOwn(line, keys.message);
  addLine(record, hasMessage ? line : { ...line, [keys.message]: message }, text, facts);
  const { timestamp } = Object.fromEntries(given);
  const before = text.slice(0, at);
  if (typeof timestamp === "string" && before.includes(timestamp)) record.stamp(timestamp);
  if (record.body !== text && saysMore(before, [message, ...levelTexts(facts), timestamp])) {
    record.add("log.record.original", text);
  }
}

function addParts(
  record: LogRecord,
  text: string,
  message: string | undefined,
  given: Given,
  facts: LineFacts,
): void {
  const { ids, error } = facts;
  setTrace(record, Object.fromEntries(given), facts.trace);
  addIds(record, ids);
  record.say(message ?? text);
  const said: (Word | undefined)[] = [message, ...levelTexts(facts)];
  for (const [key, value] of given) {
    if (key === "level" || key === facts.keys.message || !isShown(text, key, value)) continue;
    said.push(value, key);
    if (isOfTrace(key, value, record) || isOfWork(key, value, ids)) continue;
    if (key === "timestamp" && typeof value === "string") record.stamp(value);
    else if (key !== facts.keys.stack || error === undefined) record.add(key, value);
  }
  if (error !== undefined) record.addException(shownException(error, [text], undefined));
  if (message !== undefined && saysMore(text, said)) record.add("log.record.original", text);
}

function levelTexts({ severityText }: LineFacts): string[] {
  return [severityText, severityText.toUpperCase()];
}

/** A shorter value may stand in a text by chance, if its name doesn't. */
const LONG_ENOUGH = 8;

/** How many places of a name are looked at: a text may come from anybody. */
const MOST_PLACES = 50;

function isShown(text: string, key: string, value: Word): boolean {
  const shown = String(value);
  if (shown === "" || key === "") return false;
  if (key === "timestamp") return text.includes(shown);
  if (shown.length >= LONG_ENOUGH && isWordIn(text, shown)) return true;
  let at = text.indexOf(key);
  for (let place = 0; at !== -1 && place < MOST_PLACES; place++) {
    const from = at + key.length;
    const after = text
      .slice(from, from + shown.length + 8)
      .replace(/^["']?\s?[=: ][\s"'[(]{0,3}/, "");
    if (after.startsWith(shown) && !isWord(after[shown.length])) return true;
    at = text.indexOf(key, from);
  }
  return false;
}

function isWordIn(text: string, word: string): boolean {
  const at = text.indexOf(word);
  return at !== -1 && !isWord(text[at - 1]) && !isWord(text[at + word.length]);
}

function isWord(letter: string | undefined): boolean {
  return letter !== undefined && /[\p{L}\p{N}]/u.test(letter);
}

/** Whether a text says more than what is known to be in it. */
function saysMore(text: string, said: readonly (Word | undefined)[]): boolean {
  let rest = text;
  for (const part of said) {
    if (part !== undefined && part !== "") rest = rest.replace(String(part), () => " ");
  }
  return /[\p{L}\p{N}]/u.test(rest);
}
