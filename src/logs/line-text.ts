import { stripVTControlCharacters } from "node:util";

/** The value of a field that a text can contain. */
export type FieldValue = string | number | bigint | boolean;

/** Removes colours, as of winston's `colorize({ all: true })`: they are for terminals. */
export function stripColors(text: string): string {
  return text.includes("\u001b[") ? stripVTControlCharacters(text) : text;
}

/** Whether a text contains another one, as it is or with JSON's escapes. */
export function containsText(text: string, value: string): boolean {
  return text.includes(value) || text.includes(JSON.stringify(value).slice(1, -1));
}

/** The shortest value that counts without its name, in UTF-16 units: a text may contain a shorter one by chance. */
const MIN_STANDALONE_LENGTH = 8;

/** How many occurrences of a name are examined: a text may come from outside the app. */
const MAX_OCCURRENCES = 50;

/** Whether a text contains a field: its value as a word, or after its name (`order=12`, `order: 12`). */
export function containsField(text: string, key: string, value: FieldValue): boolean {
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

/** Whether a text has words beside the known parts. */
export function hasUnknownText(
  text: string,
  knownParts: readonly (FieldValue | undefined)[],
): boolean {
  let rest = text;
  for (const part of knownParts) {
    if (part !== undefined && part !== "") rest = rest.replace(String(part), () => " ");
  }
  return /[\p{L}\p{N}]/u.test(rest);
}
