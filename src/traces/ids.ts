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
  const id = takeHex(32);
  return isZero(id) ? newTraceId() : id;
}

export function newSpanId(): string {
  const id = takeHex(16);
  return isZero(id) ? newSpanId() : id;
}

/** A random UUID (RFC 9562, version 4), for a request that brought no id. */
export function newUuid(): string {
  if (uuids.length === 0) uuids = moreUuids();
  return uuids.pop() as string;
}

let hex = "";
let hexAt = 0;
let uuids: string[] = [];

function takeHex(digits: number): string {
  if (hexAt + digits > hex.length) {
    const start = takeBytes(HEX_BYTES);
    hex = pool.hexSlice(start, start + HEX_BYTES);
    hexAt = 0;
  }
  return hex.slice(hexAt, (hexAt += digits));
}

/** An id must not be zero; what doesn't begin with it isn't. */
function isZero(id: string): boolean {
  return id.startsWith("0") && /^0+$/.test(id);
}

const uuidText = Buffer.alloc(UUIDS * (UUID_LENGTH + 3) + 1);
const uuidView = new DataView(uuidText.buffer, uuidText.byteOffset);
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
function moreUuids(): string[] {
  let to = uuidText.write("[");
  for (let count = 0; count < UUIDS; count++) {
    if (count > 0) uuidText[to++] = COMMA;
    uuidText[to++] = QUOTE;
    const start = takeBytes(16);
    pool[start + 6] = (pool[start + 6]! & 0x0f) | 0x40;
    pool[start + 8] = (pool[start + 8]! & 0x3f) | 0x80;
    for (let at = 0; at < 16; at++) {
      if (at === 4 || at === 6 || at === 8 || at === 10) uuidText[to++] = DASH;
      uuidView.setUint16(to, DIGITS[pool[start + at]!]!);
      to += 2;
    }
    uuidText[to++] = QUOTE;
  }
  to += uuidText.write("]", to);
  return parse(uuidText.latin1Slice(0, to)) as string[];
}

const POOL_BYTES = 8192;
const pool = Buffer.allocUnsafeSlow(POOL_BYTES);
let position = POOL_BYTES;

/** Where in the pool fresh random bytes are. */
function takeBytes(count: number): number {
  if (position + count > POOL_BYTES) {
    // Not imported: loading it takes 3 to 5 ms, which a start should not pay.
    process.getBuiltinModule("node:crypto").randomFillSync(pool);
    position = 0;
  }
  const start = position;
  position += count;
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
