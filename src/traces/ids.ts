/*
 * Random ids as text, a few dozen made at one go: a call into native code amid a
 * request costs more than the id itself (0.5 us, profiled on Express). The hex
 * digits of one go are pieces of one text, which stays as long as any of them:
 * half a kilobyte.
 */

/** Lower-case hex; all bits are random, so the W3C random flag may be set. */
const HEX_BYTES = 512;
const UUIDS = 16;
const UUID_LENGTH = 36;

export function newTraceId(): string {
  const id = nextHexDigits(32);
  return isZero(id) ? newTraceId() : id;
}

export function newSpanId(): string {
  const id = nextHexDigits(16);
  return isZero(id) ? newSpanId() : id;
}

/** A random UUID (RFC 9562, version 4), for a request that brought no id. */
export function newUuid(): string {
  if (uuids.length === 0) uuids = generateUuids();
  return uuids.pop() as string;
}

let hex = "";
let hexOffset = 0;
let uuids: string[] = [];

function nextHexDigits(digits: number): string {
  if (hexOffset + digits > hex.length) {
    const start = nextRandomBytes(HEX_BYTES);
    hex = pool.hexSlice(start, start + HEX_BYTES);
    hexOffset = 0;
  }
  return hex.slice(hexOffset, (hexOffset += digits));
}

/** An id must not be zero; what doesn't begin with it isn't. */
function isZero(id: string): boolean {
  return id.startsWith("0") && /^0+$/.test(id);
}

const uuidBuffer = Buffer.alloc(UUIDS * (UUID_LENGTH + 3) + 1);
const uuidView = new DataView(uuidBuffer.buffer, uuidBuffer.byteOffset);
/** The two digits of each byte, as they stand next to each other. */
const DIGITS = Uint16Array.from(
  { length: 256 },
  (_, byte) => (digitOf(byte >> 4) << 8) | digitOf(byte & 15),
);

function digitOf(value: number): number {
  return value + (value < 10 ? 0x30 : 0x57);
}

const DASH = 0x2d;
/** As it is now: an app may replace it. */
const { parse } = JSON;
const QUOTE = 0x22;
const COMMA = 0x2c;

/**
 * As JSON, out of which each comes as a text of its own: they are read letter by
 * letter (written to the wire, searched for what a log line must escape), and
 * pieces of a text are slow at that.
 */
function generateUuids(): string[] {
  let end = uuidBuffer.write("[");
  for (let count = 0; count < UUIDS; count++) {
    if (count > 0) uuidBuffer[end++] = COMMA;
    uuidBuffer[end++] = QUOTE;
    const start = nextRandomBytes(16);
    pool[start + 6] = (pool[start + 6]! & 0x0f) | 0x40;
    pool[start + 8] = (pool[start + 8]! & 0x3f) | 0x80;
    for (let at = 0; at < 16; at++) {
      if (at === 4 || at === 6 || at === 8 || at === 10) uuidBuffer[end++] = DASH;
      uuidView.setUint16(end, DIGITS[pool[start + at]!]!);
      end += 2;
    }
    uuidBuffer[end++] = QUOTE;
  }
  end += uuidBuffer.write("]", end);
  return parse(uuidBuffer.latin1Slice(0, end)) as string[];
}

const POOL_BYTES = 8192;
const pool = Buffer.allocUnsafeSlow(POOL_BYTES);
let poolOffset = POOL_BYTES;

/** Where in the pool fresh random bytes are. */
function nextRandomBytes(count: number): number {
  if (poolOffset + count > POOL_BYTES) {
    // Not imported: loading it takes 3 to 5 ms, which a start should not pay.
    process.getBuiltinModule("node:crypto").randomFillSync(pool);
    poolOffset = 0;
  }
  const start = poolOffset;
  poolOffset += count;
  return start;
}

declare global {
  interface Buffer {
    /** Node's `toString("hex", start, end)` without its checks; there since Node 0.x. */
    hexSlice(start: number, end: number): string;
    /** The same with "latin1". */
    latin1Slice(start: number, end: number): string;
  }
}
