/*
 * Optional white space of HTTP (RFC 9110, 5.6.3): spaces and tabs only, where
 * `trim` removes more.
 */

const SPACE = 0x20;
const TAB = 0x09;

/** Returns the text without surrounding white space. */
export function trimWhiteSpace(text: string): string {
  const start = skipBlanks(text, 0, text.length);
  const end = trimBlanks(text, start, text.length);
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/** Returns the first position from `start` that is not blank, or `end`. */
export function skipBlanks(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && isBlank(text.charCodeAt(at))) at++;
  return at;
}

/** Returns the position after the last character before `end` that is not blank, or `start`. */
export function trimBlanks(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && isBlank(text.charCodeAt(at - 1))) at--;
  return at;
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
