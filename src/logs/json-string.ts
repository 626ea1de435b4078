/** The characters that JSON escapes in UTF-16: control characters, quotes, backslashes, halves of surrogate pairs. */
// oxlint-disable-next-line no-control-regex -- JSON escapes them
const NEEDS_ESCAPE = /[\u0000-\u001f"\\\ud800-\udfff]/;

/** From this length on, in UTF-16 units, the native writer is faster. */
export const MAX_FAST_LENGTH = 1000;

/** Writes a text as JSON, like `JSON.stringify`, without its cost where no character needs escaping. */
export function toJsonString(text: string): string {
  return text.length < MAX_FAST_LENGTH && !NEEDS_ESCAPE.test(text)
    ? `"${text}"`
    : JSON.stringify(text);
}
