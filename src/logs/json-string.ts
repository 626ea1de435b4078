/** The characters that JSON escapes in UTF-16: control characters, quotes, backslashes, halves of surrogate pairs. */
// oxlint-disable-next-line no-control-regex -- JSON escapes them
const NEEDS_ESCAPE = /[\u0000-\u001f"\\\ud800-\udfff]/;

/**
 * Characters that JSON leaves as they are and that end a line, move the cursor of a
 * terminal or reverse the order of the text for some readers.
 */
const UNSAFE = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Escapes such characters in JSON, which has them only in its texts. */
export function escapeUnsafe(json: string): string {
  return json.replace(UNSAFE, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** From this length on, in UTF-16 units, the native writer is faster. */
export const MAX_FAST_LENGTH = 1000;

/** Writes a text as JSON, like `JSON.stringify`, without its cost where no character needs escaping. */
export function toJsonString(text: string): string {
  return text.length < MAX_FAST_LENGTH && !NEEDS_ESCAPE.test(text)
    ? `"${text}"`
    : JSON.stringify(text);
}
