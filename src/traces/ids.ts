/*
 * Random ids as lower-case hex: 16 bytes for a trace, 8 for a span. Taken from
 * a pool, because one call of the random generator costs more than the request
 * it is for; all bits are random, so the W3C random flag may be set.
 */
const POOL_BYTES = 8192;
const pool = Buffer.allocUnsafeSlow(POOL_BYTES);
let position = POOL_BYTES;

export function newTraceId(): string {
  const id = take(16);
  return id === "00000000000000000000000000000000" ? newTraceId() : id;
}

export function newSpanId(): string {
  const id = take(8);
  return id === "0000000000000000" ? newSpanId() : id;
}

const VARIANTS = "89ab";

/** A random UUID (version 4, RFC 9562), for a request that brought no id. */
export function newUuid(): string {
  const hex = take(16);
  const variant = VARIANTS[Number.parseInt(hex[16] as string, 16) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

function take(bytes: number): string {
  if (position + bytes > POOL_BYTES) {
    // Not imported: loading it takes 3 to 5 ms, which a start should not pay.
    process.getBuiltinModule("node:crypto").randomFillSync(pool);
    position = 0;
  }
  const start = position;
  position += bytes;
  return pool.hexSlice(start, position);
}

declare global {
  interface Buffer {
    /** Node's `toString("hex", start, end)` without its argument checks; there since Node 0.x. */
    hexSlice(start: number, end: number): string;
  }
}
