import { codeAt } from "../../text.ts";

/**
 * Writes protobuf. It replaces the SDK's writer because serialising is the most
 * expensive part of a traced request: the SDK's took 10 us of CPU for one server span
 * with fifteen attributes, more than everything else together (profiled on Fastify).
 * The cost is in calls of native code for each short string and in measuring before
 * writing. Here short ASCII is copied in a loop, names of attributes are cached in
 * encoded form, and a length is inserted after its message was written.
 *
 * https://protobuf.dev/programming-guides/encoding/
 */
export class ProtobufWriter {
  #bytes: Buffer;
  #position = 0;

  /** @param storage initial memory, or its size in bytes; it grows as needed. */
  constructor(storage: number | ArrayBufferLike) {
    this.#bytes =
      typeof storage === "number" ? Buffer.allocUnsafeSlow(storage) : Buffer.from(storage);
  }

  /** Discards what was written. */
  reset(): void {
    this.#position = 0;
  }

  /** Returns a copy of what was written since `reset`. */
  toBytes(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#bytes, 0, this.#position);
  }

  /** Returns what was written since `reset`, without a copy. */
  view(): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, 0, this.#position);
  }

  /** The memory that is written to; replaced when it grows. */
  get buffer(): Buffer {
    return this.#bytes;
  }

  get position(): number {
    return this.#position;
  }

  /** Removes what was written since `position`, and returns a copy of it. */
  extractFrom(position: number): Uint8Array {
    const taken = Uint8Array.prototype.slice.call(this.#bytes, position, this.#position);
    this.#position = position;
    return taken;
  }

  /**
   * Begins a nested message; pass the result to `endMessage`.
   *
   * @param lengthBytes number of bytes to reserve for its length.
   */
  beginMessage(tag: number, lengthBytes: number = 1): number {
    this.#reserve(1 + lengthBytes);
    this.#bytes[this.#position] = tag;
    this.#position += 1 + lengthBytes;
    return this.#position;
  }

  /** Writes the length; if that takes more or fewer bytes than reserved, the message moves. */
  endMessage(start: number, lengthBytes: number = 1): void {
    const length = this.#position - start;
    const missing = varintSize(length) - lengthBytes;
    if (missing !== 0) this.#shiftMessage(start, missing);
    this.#varintAt(start - lengthBytes, length);
  }

  /** Writes an integer from 0 to 2^53 - 1. */
  uint(tag: number, value: number): void {
    this.#reserve(11);
    this.#bytes[this.#position++] = tag;
    this.#position = this.#varintAt(this.#position, value);
  }

  /** Writes any safe integer as protobuf's `int64`: negative ones take ten bytes. */
  int(tag: number, value: number): void {
    if (value >= 0) {
      this.uint(tag, value);
      return;
    }
    this.int64(tag, BigInt(value));
  }

  /** Writes an `int64` of all 64 bits. */
  int64(tag: number, value: bigint): void {
    this.#reserve(11);
    this.#bytes[this.#position++] = tag;
    let rest = BigInt.asUintN(64, value);
    for (; rest > 127n; rest >>= 7n) this.#bytes[this.#position++] = Number(rest & 127n) | 128;
    this.#bytes[this.#position++] = Number(rest);
  }

  /** Writes a `fixed32`. The tag may take two bytes: the flags of a span are field 16. */
  fixed32(tag: number, value: number): void {
    this.#reserve(6);
    this.#position = this.#varintAt(this.#position, tag);
    this.#uint32(value);
  }

  double(tag: number, value: number): void {
    this.#reserve(9);
    this.#bytes[this.#position++] = tag;
    this.#position = this.#bytes.writeDoubleLE(value, this.#position);
  }

  /** Writes `[seconds, nanoseconds]` as `fixed64` of nanoseconds since 1970. */
  hrTime(tag: number, [seconds, nanos]: readonly [number, number]): void {
    this.#nanos(tag, seconds, nanos);
  }

  /**
   * Writes milliseconds since 1970, with fractions, as `fixed64` of nanoseconds. The
   * resolution of a double is a quarter of a microsecond there.
   */
  epochMs(tag: number, ms: number): void {
    const second = Math.floor(ms / 1000);
    this.#nanos(tag, second, Math.round((ms - second * 1000) * 1e6));
  }

  /** Writes an id of lower-case hexadecimal digits as bytes; an invalid one as zeros, without an error. */
  hexBytes(tag: number, hex: string): void {
    const length = hex.length >>> 1;
    this.#reserve(length + 2);
    const bytes = this.#bytes;
    bytes[this.#position++] = tag;
    bytes[this.#position++] = length;
    const end = this.#position + length;
    const written = bytes.hexWrite(hex, this.#position, length);
    if (written < length) bytes.fill(0, this.#position + written, end);
    this.#position = end;
  }

  string(tag: number, value: string): void {
    const { length } = value;
    this.#reserve(length * 3 + 12);
    this.#bytes[this.#position++] = tag;
    if (length < ONE_BYTE_LENGTH && this.#shortAsciiString(value)) return;
    this.#longString(value);
  }

  bytes(tag: number, value: Uint8Array): void {
    this.#reserve(value.length + 12);
    this.#bytes[this.#position++] = tag;
    this.#position = this.#varintAt(this.#position, value.length);
    this.#bytes.set(value, this.#position);
    this.#position += value.length;
  }

  /** Writes a packed value, or a length, without a tag. */
  varint(value: number): void {
    this.#reserve(10);
    this.#position = this.#varintAt(this.#position, value);
  }

  /** Writes encoded fields that are kept as a text, each character of which is a byte. */
  rawText(encoded: string): void {
    const { length } = encoded;
    this.#reserve(length);
    this.#position += this.#bytes.latin1Write(encoded, this.#position, length);
  }

  /** Writes bytes that are encoded fields, with tags and lengths. */
  rawField(encoded: Uint8Array): void {
    const { length } = encoded;
    this.#reserve(length);
    const bytes = this.#bytes;
    const to = this.#position;
    this.#position = to + length;
    if (length >= ONE_BYTE_LENGTH) bytes.set(encoded, to);
    else for (let at = 0; at < length; at++) bytes[to + at] = encoded[at] as number;
  }

  /**
   * Writes a `KeyValue` whose value is a string. Returns false, and writes nothing,
   * unless that is short ASCII.
   *
   * @param key the encoded field of the key.
   */
  shortStringAttribute(tag: number, key: Uint8Array, value: string): boolean {
    const { length } = value;
    if (length + key.length > 120) return false;
    this.#reserve(length * 3 + key.length + 6);
    const bytes = this.#bytes;
    let at = this.#position;
    bytes[at++] = tag;
    bytes[at++] = key.length + length + 4;
    for (let from = 0; from < key.length; from++) bytes[at++] = key[from] as number;
    bytes[at++] = 0x12;
    bytes[at++] = length + 2;
    bytes[at++] = 0x0a;
    bytes[at++] = length;
    if (!writeAscii(bytes, value, at)) return false;
    this.#position = at + length;
    return true;
  }

  /** Copies encoded fields from another buffer. */
  rawFields(source: Buffer, from: number, to: number): void {
    this.#reserve(to - from);
    this.#position += source.copy(this.#bytes, this.#position, from, to);
  }

  #nanos(tag: number, second: number, nanos: number): void {
    this.#reserve(9);
    this.#bytes[this.#position++] = tag;
    if (second !== cachedSecond) cacheSecond(second);
    const low = cachedLow + nanos;
    this.#uint32(low);
    this.#uint32(low < 0x100000000 ? cachedHigh : cachedHigh + 1);
  }

  /** Writes the lowest 32 bits of an integer; each byte stores the lowest 8 bits of a value. */
  #uint32(value: number): void {
    const bytes = this.#bytes;
    const word = value | 0;
    const at = this.#position;
    bytes[at] = word;
    bytes[at + 1] = word >>> 8;
    bytes[at + 2] = word >>> 16;
    bytes[at + 3] = word >>> 24;
    this.#position = at + 4;
  }

  /** Returns false, and writes nothing, if a character is not ASCII. */
  #shortAsciiString(value: string): boolean {
    const bytes = this.#bytes;
    const { length } = value;
    const at = this.#position;
    bytes[at] = length;
    if (!writeAscii(bytes, value, at + 1)) return false;
    this.#position = at + 1 + length;
    return true;
  }

  #longString(value: string): void {
    const guess = varintSize(value.length);
    const start = this.#position + guess;
    const length = this.#bytes.write(value, start, "utf8");
    const needed = varintSize(length);
    if (needed !== guess) {
      this.#bytes.copyWithin(this.#position + needed, start, start + length);
    }
    this.#position = this.#varintAt(this.#position, length) + length;
  }

  /** Kept out of `endMessage`, which is small enough to be inlined without it. */
  #shiftMessage(start: number, by: number): void {
    if (by > 0) this.#reserve(by);
    this.#bytes.copyWithin(start + by, start, this.#position);
    this.#position += by;
  }

  #varintAt(position: number, value: number): number {
    const bytes = this.#bytes;
    let at = position;
    let rest = value;
    while (rest > 127) {
      bytes[at++] = (rest & 127) | 128;
      // A shift would truncate the number to 32 bits.
      rest = rest < 0x80000000 ? rest >>> 7 : Math.floor(rest / 128);
    }
    bytes[at++] = rest;
    return at;
  }

  #reserve(length: number): void {
    const needed = this.#position + length;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#position);
    this.#bytes = larger;
  }
}

/** Below this a length takes one byte, and a loop over bytes is faster than a native copy. */
const ONE_BYTE_LENGTH = 64;
/** Below this a loop is faster than a native write (measured on 22 and 26). */
const MAX_LOOP_LENGTH = 16;

/**
 * Writes a text if it is ASCII. Otherwise returns false, and the bytes from `at` on
 * are undefined. Requires space for three bytes per character.
 */
function writeAscii(bytes: Buffer, value: string, at: number): boolean {
  const { length } = value;
  // Any other text takes more bytes than it has characters.
  if (length >= MAX_LOOP_LENGTH) return bytes.utf8Write(value, at, length * 3) === length;
  for (let index = 0; index < length; index++) {
    const code = codeAt(value, index);
    if (code > 127) return false;
    bytes[at + index] = code;
  }
  return true;
}

/*
 * The last second, in nanoseconds, as two words of 32 bits: most times of one batch
 * lie in the same second, and BigInt arithmetic is slow. Three variables instead of
 * an object, since every span reads them twice.
 */
let cachedSecond = -1;
let cachedLow = 0;
let cachedHigh = 0;

function cacheSecond(second: number): void {
  const nanos = BigInt(second) * 1_000_000_000n;
  cachedSecond = second;
  cachedLow = Number(nanos & 0xffffffffn);
  cachedHigh = Number(nanos >> 32n);
}

/** Returns the number of bytes that a varint takes. */
function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size++;
  return size;
}

declare global {
  interface Buffer {
    /** Node's `write(text, offset, length, "hex")` without its checks; available since Node 0.x. */
    hexWrite(text: string, offset: number, length: number): number;
    /** The same with "utf8". */
    utf8Write(text: string, offset: number, length: number): number;
    /** The same with "latin1". */
    latin1Write(text: string, offset: number, length: number): number;
  }
}
