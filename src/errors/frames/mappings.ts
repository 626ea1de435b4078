import type { Interruptible } from "./json-scan.ts";

/** A position in a generated file, from 0. */
export interface GeneratedPosition {
  readonly line: number;
  readonly column: number;
}

/** A position in a source, from 0. */
export interface OriginalPosition {
  /** Index among the sources of the map. */
  readonly source: number;
  readonly line: number;
  readonly column: number;
}

const SEMICOLON = 0x3b;
const COMMA = 0x2c;
const QUOTE = 0x22;

/** Values of the base 64 digits. */
const DIGITS = new Int8Array(128).fill(-1);
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
for (let value = 0; value < BASE64.length; value++) DIGITS[BASE64.charCodeAt(value)] = value;

/** How many bytes are decoded between two interruptions. */
const STEP = 50_000;

/**
 * Finds positions in the mappings of a source map: the last segment of the line that is
 * not behind each.
 * https://tc39.es/ecma426/#sec-mappings
 *
 * @param wanted sorted by line and column.
 * @param start position of the text's first byte, after its quote.
 */
export function* findPositions(
  bytes: Buffer,
  start: number,
  wanted: readonly GeneratedPosition[],
): Interruptible<(OriginalPosition | undefined)[]> {
  const found: (OriginalPosition | undefined)[] = wanted.map(() => undefined);
  const decoder = new SegmentDecoder(bytes, start);
  let next = 0;
  let steps = 0;
  while (next < wanted.length && decoder.read()) {
    if (++steps % STEP === 0) yield;
    // All positions before this segment have got theirs.
    while (next < wanted.length && isBefore(wanted[next] as GeneratedPosition, decoder)) next++;
    for (let at = next; at < wanted.length; at++) {
      if ((wanted[at] as GeneratedPosition).line !== decoder.line) break;
      found[at] = decoder.original();
    }
  }
  return found;
}

function isBefore({ line, column }: GeneratedPosition, segment: GeneratedPosition): boolean {
  return line < segment.line || (line === segment.line && column < segment.column);
}

/** Decodes one segment after the other. Malformed input ends it. */
class SegmentDecoder implements GeneratedPosition {
  line = 0;
  column = 0;
  readonly #bytes: Buffer;
  #at: number;
  #hasSource = false;
  #source = 0;
  #originalLine = 0;
  #originalColumn = 0;

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  /** Returns false after the last segment. */
  read(): boolean {
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined || byte === QUOTE) return false;
      if (byte === SEMICOLON) {
        this.line++;
        this.column = 0;
      } else if (byte !== COMMA) return this.#readSegment();
      this.#at++;
    }
  }

  original(): OriginalPosition | undefined {
    if (!this.#hasSource) return undefined;
    return { source: this.#source, line: this.#originalLine, column: this.#originalColumn };
  }

  #readSegment(): boolean {
    this.column += this.#readNumber();
    this.#hasSource = this.#isInSegment();
    if (this.#hasSource) {
      this.#source += this.#readNumber();
      this.#originalLine += this.#readNumber();
      this.#originalColumn += this.#readNumber();
      // The name.
      if (this.#isInSegment()) this.#readNumber();
    }
    return !Number.isNaN(this.column + this.#source + this.#originalLine + this.#originalColumn);
  }

  #isInSegment(): boolean {
    const byte = this.#bytes[this.#at];
    return byte !== undefined && byte !== COMMA && byte !== SEMICOLON && byte !== QUOTE;
  }

  /** Reads a number in base 64, of variable length; NaN if it is malformed. */
  #readNumber(): number {
    let value = 0;
    for (let shift = 0; shift < 32; shift += 5) {
      const digit = DIGITS[this.#bytes[this.#at] ?? 0] ?? -1;
      if (digit < 0) return Number.NaN;
      this.#at++;
      value |= (digit & 31) << shift;
      if ((digit & 32) === 0) return (value & 1) === 0 ? value >>> 1 : -(value >>> 1);
    }
    return Number.NaN;
  }
}
