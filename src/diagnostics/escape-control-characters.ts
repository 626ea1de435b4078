/**
 * Text on one line that no terminal and no log viewer obeys: control characters,
 * line breaks, bidirectional overrides and characters without width are written
 * as escapes (CVE-2021-42574 is about the last two).
 */
export function escapeControlCharacters(text: string): string {
  return text.replace(controlCharacters, escapeCharacter);
}

/**
 * What a peer said, for a line of ours or a terminal: as `plainText`, and cut.
 *
 * @param maxLength in UTF-16 units of the text as it came.
 */
export function excerpt(text: string, maxLength: number = MAX_EXCERPT_LENGTH): string {
  return escapeControlCharacters(text.length > maxLength ? `${text.slice(0, maxLength)}…` : text);
}

/** Long enough for a sentence. */
const MAX_EXCERPT_LENGTH = 200;

/** Unicode's categories: control, format, line and paragraph separator. */
const controlCharacters = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const shortEscapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escapeCharacter(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return (
    shortEscapes[character] ?? (code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`)
  );
}
