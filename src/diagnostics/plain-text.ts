/**
 * Text on one line that no terminal and no log viewer obeys: control characters,
 * line breaks, bidirectional overrides and characters without width are written
 * as escapes (CVE-2021-42574 is about the last two).
 */
export function plainText(text: string): string {
  return text.replace(steering, escaped);
}

/**
 * What a peer said, for a line of ours or a terminal: as `plainText`, and cut.
 *
 * @param longest in UTF-16 units of the text as it came.
 */
export function excerptOf(text: string, longest: number = LONGEST_EXCERPT): string {
  return plainText(text.length > longest ? `${text.slice(0, longest)}…` : text);
}

/** Long enough for a sentence. */
const LONGEST_EXCERPT = 200;

/** Unicode's categories: control, format, line and paragraph separator. */
const steering = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return short[character] ?? (code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`);
}
