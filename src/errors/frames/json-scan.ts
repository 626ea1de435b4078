/*
 * Reads parts of a large JSON text without parsing all of it: a source map of 50 MB would
 * block the event loop for half a second, and take as much memory again.
 */

/** A part of a JSON text: one value. */
export interface JsonRange {
  readonly start: number;
  /** The position after its last byte. */
  readonly end: number;
}

/** Work that may be interrupted where it yields. */
export type Interruptible<Result> = Generator<undefined, Result, unknown>;

/** How many bytes, or 16 bytes of text, are scanned between two interruptions: about a millisecond. */
const STEP = 20_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Returns the values of an object by their keys; none if the text is no object, or malformed. */
export function* scanObject(bytes: Buffer, at = 0): Interruptible<ReadonlyMap<string, JsonRange>> {
  const found = new Map<string, JsonRange>();
  let position = skipSpace(bytes, at);
  if (bytes[position] !== OPEN_BRACE) return found;
  position = skipSpace(bytes, position + 1);
  while (bytes[position] === QUOTE) {
    const keyEnd = stringEnd(bytes, position);
    const key = parseRange(bytes, { start: position, end: keyEnd });
    position = skipSpace(bytes, keyEnd);
    if (bytes[position] !== COLON) break;
    const start = skipSpace(bytes, position + 1);
    const end = yield* valueEnd(bytes, start);
    if (typeof key === "string") found.set(key, { start, end });
    position = skipSpace(bytes, end);
    if (bytes[position] !== COMMA) break;
    position = skipSpace(bytes, position + 1);
  }
  return found;
}

/** Visits the elements of an array, until `visit` returns true. */
export function* scanArray(
  bytes: Buffer,
  range: JsonRange,
  visit: (element: JsonRange, index: number) => boolean,
): Interruptible<void> {
  if (bytes[range.start] !== OPEN_BRACKET) return;
  let position = skipSpace(bytes, range.start + 1);
  for (let index = 0; position < range.end && bytes[position] !== CLOSE_BRACKET; index++) {
    const end = yield* valueEnd(bytes, position);
    if (visit({ start: position, end }, index)) return;
    position = skipSpace(bytes, end);
    if (bytes[position] !== COMMA) return;
    position = skipSpace(bytes, position + 1);
  }
}

/** Parses one value; undefined if it is malformed. */
export function parseRange(bytes: Buffer, { start, end }: JsonRange): unknown {
  try {
    return JSON.parse(bytes.toString("utf8", start, end)) as unknown;
  } catch {
    return undefined;
  }
}

/** Returns the position after a value. */
function* valueEnd(bytes: Buffer, start: number): Interruptible<number> {
  const first = bytes[start];
  yield;
  if (first === QUOTE) return stringEnd(bytes, start);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return wordEnd(bytes, start);
  let depth = 0;
  let steps = 0;
  for (let position = start; position < bytes.length;) {
    if (++steps > STEP) {
      steps = 0;
      yield;
    }
    const byte = bytes[position];
    if (byte === QUOTE) {
      const end = stringEnd(bytes, position);
      // Skipped by native code from quote to quote.
      steps += (end - position) >> 4;
      position = end;
      continue;
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return position + 1;
    position++;
  }
  return bytes.length;
}

/** Returns the position after a text, whose first byte is its quote. */
function stringEnd(bytes: Buffer, start: number): number {
  let position = start + 1;
  for (;;) {
    const quote = bytes.indexOf(QUOTE, position);
    if (quote === -1) return bytes.length;
    let backslashes = 0;
    while (bytes[quote - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
    position = quote + 1;
  }
}

/** Returns the position after a number or a word. */
function wordEnd(bytes: Buffer, start: number): number {
  let position = start;
  for (; position < bytes.length; position++) {
    const byte = bytes[position] as number;
    if (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte <= 0x20) break;
  }
  return position;
}

function skipSpace(bytes: Buffer, start: number): number {
  let position = start;
  while ((bytes[position] ?? 0x7f) <= 0x20) position++;
  return position;
}
