/*
 * Random ids as text, generated a few dozen at a time: a call into native code
 * during a request costs more than the id itself (0.5 us, profiled on Express).
 * Each pool below owns its state; as objects they cost what module variables did
 * (39 ns for a trace id and a span id, 88 ns for a UUID, measured on Node 26).
 */

/** Creates ids in place of the pools, if the app has a generator of its own (`TELLTALE_EXTENSION`). */
interface OwnIds {
  newTraceId(): string;
  newSpanId(): string;
}

/** One for the thread, as the pools are: spans of all tracers have these ids. */
let ownIds: OwnIds | undefined;

/** Replaces the ids of all later spans. They must be valid, and the functions must not throw. */
export function replaceIds(ids: OwnIds): void {
  ownIds = ids;
}

/** Whether new trace ids are random: then the W3C random flag may be set. */
export function hasRandomIds(): boolean {
  return ownIds === undefined;
}

/** Creates a trace id: 32 lower-case hex digits. */
export function newTraceId(): string {
  return ownIds === undefined ? randomTraceId() : ownIds.newTraceId();
}

/** Creates a span id: 16 lower-case hex digits. */
export function newSpanId(): string {
  return ownIds === undefined ? randomSpanId() : ownIds.newSpanId();
}

/** Creates a trace id of which all bits are random. */
export function randomTraceId(): string {
  const id = hexPool.next(32);
  return isZero(id) ? randomTraceId() : id;
}

/** Creates a random span id. */
export function randomSpanId(): string {
  const id = hexPool.next(16);
  return isZero(id) ? randomSpanId() : id;
}

/** Creates a random UUID (RFC 9562, version 4), for a request without an id. */
export function newUuid(): string {
  return uuidPool.next();
}

/** Only an id that begins with a zero is looked at further. */
function isZero(id: string): boolean {
  return id.startsWith("0") && /^0+$/.test(id);
}

const POOL_BYTES = 8192;

/** Random bytes of the operating system. */
class RandomBytes {
  readonly bytes: Buffer = Buffer.allocUnsafeSlow(POOL_BYTES);
  #offset = POOL_BYTES;

  /** @returns the offset in `bytes` of this many unused random bytes. */
  next(count: number): number {
    if (this.#offset + count > POOL_BYTES) {
      // Not imported: loading it takes 3 to 5 ms, which a start should not pay.
      process.getBuiltinModule("node:crypto").randomFillSync(this.bytes);
      this.#offset = 0;
    }
    const start = this.#offset;
    this.#offset += count;
    return start;
  }
}

const random = new RandomBytes();

const HEX_BYTES = 512;

/**
 * Random hex digits. The ids are slices of one string, which stays in memory as
 * long as any of them: one kilobyte.
 */
class HexPool {
  #digits = "";
  #offset = 0;

  next(count: number): string {
    if (this.#offset + count > this.#digits.length) {
      const start = random.next(HEX_BYTES);
      this.#digits = random.bytes.hexSlice(start, start + HEX_BYTES);
      this.#offset = 0;
    }
    return this.#digits.slice(this.#offset, (this.#offset += count));
  }
}

const hexPool = new HexPool();

const UUIDS = 16;
const UUID_LENGTH = 36;
const DASH = 0x2d;
const QUOTE = 0x22;
const COMMA = 0x2c;

/** The two hex digits of each byte, as one 16-bit number. */
const DIGITS = Uint16Array.from(
  { length: 256 },
  (_, byte) => (digitOf(byte >> 4) << 8) | digitOf(byte & 15),
);

function digitOf(value: number): number {
  return value + (value < 10 ? 0x30 : 0x57);
}

/** Taken at load time: an app may replace it. */
const { parse } = JSON;

/**
 * UUIDs, parsed from a JSON array, which yields flat strings of their own: they
 * are read character by character (encoded, searched for characters that a log
 * line must escape), and slices of a string are slow at that. `randomUUID` of
 * `node:crypto` takes 189 ns for one.
 */
class UuidPool {
  readonly #json = Buffer.alloc(UUIDS * (UUID_LENGTH + 3) + 1);
  readonly #view = new DataView(this.#json.buffer, this.#json.byteOffset);
  #uuids: string[] = [];

  next(): string {
    if (this.#uuids.length === 0) this.#uuids = this.#generate();
    return this.#uuids.pop() as string;
  }

  #generate(): string[] {
    const json = this.#json;
    let end = json.write("[");
    for (let count = 0; count < UUIDS; count++) {
      if (count > 0) json[end++] = COMMA;
      json[end++] = QUOTE;
      end = this.#writeUuid(end);
      json[end++] = QUOTE;
    }
    end += json.write("]", end);
    return parse(json.latin1Slice(0, end)) as string[];
  }

  #writeUuid(offset: number): number {
    const { bytes } = random;
    const start = random.next(16);
    bytes[start + 6] = (bytes[start + 6]! & 0x0f) | 0x40;
    bytes[start + 8] = (bytes[start + 8]! & 0x3f) | 0x80;
    let end = offset;
    for (let at = 0; at < 16; at++) {
      if (at === 4 || at === 6 || at === 8 || at === 10) this.#json[end++] = DASH;
      this.#view.setUint16(end, DIGITS[bytes[start + at]!]!);
      end += 2;
    }
    return end;
  }
}

const uuidPool = new UuidPool();

declare global {
  interface Buffer {
    /** Node's `toString("hex", start, end)` without its checks; there since Node 0.x. */
    hexSlice(start: number, end: number): string;
    /** The same with "latin1". */
    latin1Slice(start: number, end: number): string;
  }
}
