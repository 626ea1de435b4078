import { codeAt } from "../text.ts";

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
export class Wire {
  #bytes: Buffer;
  #at = 0;

  /** @param room to begin with, or how many bytes of it; it grows with what is written. */
  constructor(room: number | ArrayBufferLike) {
    this.#bytes = typeof room === "number" ? Buffer.allocUnsafeSlow(room) : Buffer.from(room);
  }

  /** Begins anew. */
  reset(): void {
    this.#at = 0;
  }

  /** A copy of what was written since `reset`. */
  taken(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#bytes, 0, this.#at);
  }

  /** What was written since `reset`, in place. */
  view(): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, 0, this.#at);
  }

  /** What is written into; another one when that has grown. */
  get written(): Buffer {
    return this.#bytes;
  }

  get position(): number {
    return this.#at;
  }

  /** Takes out again what was written since `position`, as a copy. */
  takeBack(position: number): Uint8Array {
    const taken = Uint8Array.prototype.slice.call(this.#bytes, position, this.#at);
    this.#at = position;
    return taken;
  }

  /**
   * Begins a message inside of this one; give the result to `close`.
   *
   * @param room how many bytes to leave for its length.
   */
  open(tag: number, room: number = 1): number {
    this.#reserve(1 + room);
    this.#bytes[this.#at] = tag;
    this.#at += 1 + room;
    return this.#at;
  }

  /** Puts in the length; where that takes more or less than what was left for it, the message moves. */
  close(start: number, room: number = 1): void {
    const length = this.#at - start;
    const missing = sizeOf(length) - room;
    if (missing !== 0) this.#move(start, missing);
    this.#varintAt(start - room, length);
  }

  /** A whole number from 0 to 2^53 - 1. */
  uint(tag: number, value: number): void {
    this.#reserve(11);
    this.#bytes[this.#at++] = tag;
    this.#at = this.#varintAt(this.#at, value);
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
    this.#bytes[this.#at++] = tag;
    let rest = BigInt.asUintN(64, value);
    for (; rest > 127n; rest >>= 7n) this.#bytes[this.#at++] = Number(rest & 127n) | 128;
    this.#bytes[this.#at++] = Number(rest);
  }

  /** The tag may take two bytes here: the flags of a span are field 16. */
  fixed32(tag: number, value: number): void {
    this.#reserve(6);
    this.#at = this.#varintAt(this.#at, tag);
    this.#word(value);
  }

  double(tag: number, value: number): void {
    this.#reserve(9);
    this.#bytes[this.#at++] = tag;
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  /** Nanoseconds since 1970 of `[seconds, nanoseconds]`, as `fixed64`. */
  time(tag: number, [seconds, nanos]: readonly [number, number]): void {
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
  id(tag: number, hex: string): void {
    const length = hex.length >>> 1;
    this.#reserve(length + 2);
    const bytes = this.#bytes;
    bytes[this.#at++] = tag;
    bytes[this.#at++] = length;
    const end = this.#at + length;
    const written = bytes.hexWrite(hex, this.#at, length);
    if (written < length) bytes.fill(0, this.#at + written, end);
    this.#at = end;
  }

  text(tag: number, value: string): void {
    const { length } = value;
    this.#reserve(length * 3 + 12);
    this.#bytes[this.#at++] = tag;
    if (length < SHORT && this.#shortAscii(value)) return;
    this.#longText(value);
  }

  bytes(tag: number, value: Uint8Array): void {
    this.#reserve(value.length + 12);
    this.#bytes[this.#at++] = tag;
    this.#at = this.#varintAt(this.#at, value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  /** Bytes that are fields already, tags and lengths included. */
  field(encoded: Uint8Array): void {
    const { length } = encoded;
    this.#reserve(length);
    const bytes = this.#bytes;
    const to = this.#at;
    this.#at = to + length;
    if (length >= SHORT) bytes.set(encoded, to);
    else for (let at = 0; at < length; at++) bytes[to + at] = encoded[at] as number;
  }

  /**
   * A whole `KeyValue` whose value is a text; false, and nothing written, if that
   * is not short ASCII.
   *
   * @param key the encoded field of the key
   */
  shortPair(tag: number, key: Uint8Array, value: string): boolean {
    const { length } = value;
    if (length + key.length > 120) return false;
    this.#reserve(length * 3 + key.length + 6);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = tag;
    bytes[at++] = key.length + length + 4;
    for (let from = 0; from < key.length; from++) bytes[at++] = key[from] as number;
    bytes[at++] = 0x12;
    bytes[at++] = length + 2;
    bytes[at++] = 0x0a;
    bytes[at++] = length;
    if (!writeAscii(bytes, value, at)) return false;
    this.#at = at + length;
    return true;
  }

  /** Fields that another one wrote, as they stand. */
  copy(source: Buffer, from: number, to: number): void {
    this.#reserve(to - from);
    this.#at += source.copy(this.#bytes, this.#at, from, to);
  }

  #nanos(tag: number, second: number, nanos: number): void {
    this.#reserve(9);
    this.#bytes[this.#at++] = tag;
    if (second !== knownSecond) know(second);
    const low = lowOfSecond + nanos;
    this.#word(low);
    this.#word(low < 0x100000000 ? highOfSecond : highOfSecond + 1);
  }

  /** The lowest 32 bits of a whole number; a byte stores the lowest 8 of what it is given. */
  #word(value: number): void {
    const bytes = this.#bytes;
    const word = value | 0;
    const at = this.#at;
    bytes[at] = word;
    bytes[at + 1] = word >>> 8;
    bytes[at + 2] = word >>> 16;
    bytes[at + 3] = word >>> 24;
    this.#at = at + 4;
  }

  /** Leaves everything as it was where a character isn't ASCII. */
  #shortAscii(value: string): boolean {
    const bytes = this.#bytes;
    const { length } = value;
    const at = this.#at;
    bytes[at] = length;
    if (!writeAscii(bytes, value, at + 1)) return false;
    this.#at = at + 1 + length;
    return true;
  }

  #longText(value: string): void {
    const guess = sizeOf(value.length);
    const start = this.#at + guess;
    const length = this.#bytes.write(value, start, "utf8");
    const needed = sizeOf(length);
    if (needed !== guess) {
      this.#bytes.copyWithin(this.#at + needed, start, start + length);
    }
    this.#at = this.#varintAt(this.#at, length) + length;
  }

  /** Not part of `close`, which is small enough to be inlined without. */
  #move(start: number, by: number): void {
    if (by > 0) this.#reserve(by);
    this.#bytes.copyWithin(start + by, start, this.#at);
    this.#at += by;
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
    const needed = this.#at + length;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

/** Below this a length fits one byte, and a loop over bytes is quicker than a native copy. */
const SHORT = 64;
/** A text below this is written quicker by a loop (measured on 22 and 26). */
const LOOPED = 16;

/**
 * Writes a text if it is ASCII, else returns false, and what stands there is void.
 * There has to be room for three bytes for each of its characters.
 */
function writeAscii(bytes: Buffer, value: string, at: number): boolean {
  const { length } = value;
  // All others take more bytes than they have characters.
  if (length >= LOOPED) return bytes.utf8Write(value, at, length * 3) === length;
  for (let index = 0; index < length; index++) {
    const code = codeAt(value, index);
    if (code > 127) return false;
    bytes[at + index] = code;
  }
  return true;
}

/** Most times of one batch lie in the same second, whose nanoseconds take 64 bits. */
let knownSecond = -1;
let lowOfSecond = 0;
let highOfSecond = 0;

function know(second: number): void {
  const nanos = BigInt(second) * 1_000_000_000n;
  knownSecond = second;
  lowOfSecond = Number(nanos & 0xffffffffn);
  highOfSecond = Number(nanos >> 32n);
}

/** How many bytes a varint takes. */
function sizeOf(value: number): number {
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
