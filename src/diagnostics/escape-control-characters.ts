/**
 * Escapes control characters, line breaks, bidirectional overrides and zero-width
 * characters, so that the text stays on one line and can't control a terminal or log
 * viewer (CVE-2021-42574 is about the last two).
 */
export function escapeControlCharacters(text: string): string {
  return text.replace(controlCharacters, escapeCharacter);
}

/**
 * Escapes and truncates a text from outside, for a message or a terminal.
 *
 * @param maxLength in UTF-16 units of the original text.
 */
export function excerpt(text: string, maxLength: number = MAX_EXCERPT_LENGTH): string {
  return escapeControlCharacters(text.length > maxLength ? `${text.slice(0, maxLength)}…` : text);
}

/** Enough for a sentence. */
const MAX_EXCERPT_LENGTH = 200;

/** The Unicode categories control, format, line separator and paragraph separator. */
const controlCharacters = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const shortEscapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escapeCharacter(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return (
    shortEscapes[character] ?? (code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`)
  );
}
