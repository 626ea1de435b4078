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

let randomUuid: (() => string) | undefined;

/** A random UUID, for a request that brought no id; Node keeps a pool of its own for them. */
export function newUuid(): string {
  randomUuid ??= process.getBuiltinModule("node:crypto").randomUUID;
  return randomUuid();
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
