import { codeAt } from "../../text.ts";

/**
 * Writes protobuf. Ours, because serialising is the dearest part of a traced
 * request: the SDK's writer took 10 us of CPU for one server span with fifteen
 * attributes, more than all else together (profiled on Fastify). What costs is
 * crossing into native code for each short string and measuring before writing;
 * here short ASCII is copied in a loop, names of attributes are kept encoded, and
 * a length is put in after its message was written.
 *
 * https://protobuf.dev/programming-guides/encoding/
 */
export class ProtobufWriter {
  #bytes: Buffer;
  #position = 0;

  /** @param storage to begin with, or how many bytes of it; it grows with what is written. */
  constructor(storage: number | ArrayBufferLike) {
    this.#bytes =
      typeof storage === "number" ? Buffer.allocUnsafeSlow(storage) : Buffer.from(storage);
  }

  /** Begins anew. */
  reset(): void {
    this.#position = 0;
  }

  /** A copy of what was written since `reset`. */
  toBytes(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#bytes, 0, this.#position);
  }

  /** What was written since `reset`, in place. */
  view(): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, 0, this.#position);
  }

  /** What is written into; another one when that has grown. */
  get buffer(): Buffer {
    return this.#bytes;
  }

  get position(): number {
    return this.#position;
  }

  /** Takes out again what was written since `position`, as a copy. */
  extractFrom(position: number): Uint8Array {
    const taken = Uint8Array.prototype.slice.call(this.#bytes, position, this.#position);
    this.#position = position;
    return taken;
  }

  /**
   * Begins a message inside of this one; give the result to `close`.
   *
   * @param lengthBytes how many bytes to leave for its length.
   */
  beginMessage(tag: number, lengthBytes: number = 1): number {
    this.#reserve(1 + lengthBytes);
    this.#bytes[this.#position] = tag;
    this.#position += 1 + lengthBytes;
    return this.#position;
  }

  /** Puts in the length; where that takes more or less than what was left for it, the message moves. */
  endMessage(start: number, lengthBytes: number = 1): void {
    const length = this.#position - start;
    const missing = varintSize(length) - lengthBytes;
    if (missing !== 0) this.#shiftMessage(start, missing);
    this.#varintAt(start - lengthBytes, length);
  }

  /** A whole number from 0 to 2^53 - 1. */
  uint(tag: number, value: number): void {
    this.#reserve(11);
    this.#bytes[this.#position++] = tag;
    this.#position = this.#varintAt(this.#position, value);
  }

  /** Any safe integer, as protobuf's `int64`: negative ones take ten bytes. */
  int(tag: number, value: number): void {
    if (value >= 0) {
      this.uint(tag, value);
      return;
    }
    this.int64(tag, BigInt(value));
  }

  /** The same of all 64 bits. */
  int64(tag: number, value: bigint): void {
    this.#reserve(11);
    this.#bytes[this.#position++] = tag;
    let rest = BigInt.asUintN(64, value);
    for (; rest > 127n; rest >>= 7n) this.#bytes[this.#position++] = Number(rest & 127n) | 128;
    this.#bytes[this.#position++] = Number(rest);
  }

  /** The tag may take two bytes here: the flags of a span are field 16. */
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

  /** Nanoseconds since 1970 of `[seconds, nanoseconds]`, as `fixed64`. */
  hrTime(tag: number, [seconds, nanos]: readonly [number, number]): void {
    this.#nanos(tag, seconds, nanos);
  }

  /**
   * The same of milliseconds since 1970, with fractions: a double has steps of a
   * quarter of a microsecond there.
   */
  epochMs(tag: number, ms: number): void {
    const second = Math.floor(ms / 1000);
    this.#nanos(tag, second, Math.round((ms - second * 1000) * 1e6));
  }

  /** An id of lower-case hexadecimal digits, as bytes; what is none gives zeros, not an error. */
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

  /** Bytes that are fields already, tags and lengths included. */
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
   * A whole `KeyValue` whose value is a text; false, and nothing written, if that
   * is not short ASCII.
   *
   * @param key the encoded field of the key
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

  /** Fields that another one wrote, as they stand. */
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

  /** The lowest 32 bits of a whole number; a byte stores the lowest 8 of what it is given. */
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

  /** Leaves everything as it was where a character isn't ASCII. */
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

  /** Not part of `close`, which is small enough to be inlined without. */
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
      // Not a shift: that would cut the number at 32 bits.
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

/** Below this a length fits one byte, and a loop over bytes is quicker than a native copy. */
const ONE_BYTE_LENGTH = 64;
/** A text below this is written quicker by a loop (measured on 22 and 26). */
const MAX_LOOP_LENGTH = 16;

/**
 * Writes a text if it is ASCII, else returns false, and what stands there is void.
 * There has to be room for three bytes for each of its characters.
 */
function writeAscii(bytes: Buffer, value: string, at: number): boolean {
  const { length } = value;
  // All others take more bytes than they have characters.
  if (length >= MAX_LOOP_LENGTH) return bytes.utf8Write(value, at, length * 3) === length;
  for (let index = 0; index < length; index++) {
    const code = codeAt(value, index);
    if (code > 127) return false;
    bytes[at + index] = code;
  }
  return true;
}

/** Most times of one batch lie in the same second, whose nanoseconds take 64 bits. */
let cachedSecond = -1;
let cachedLow = 0;
let cachedHigh = 0;

function cacheSecond(second: number): void {
  const nanos = BigInt(second) * 1_000_000_000n;
  cachedSecond = second;
  cachedLow = Number(nanos & 0xffffffffn);
  cachedHigh = Number(nanos >> 32n);
}

/** How many bytes a varint takes. */
function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size++;
  return size;
}

declare global {
  interface Buffer {
    /** Node's `write(text, offset, length, "hex")` without its checks; there since Node 0.x. */
    hexWrite(text: string, offset: number, length: number): number;
    /** The same with "utf8". */
    utf8Write(text: string, offset: number, length: number): number;
  }
}
