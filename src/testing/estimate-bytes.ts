/** What a value takes beside its text: a header, a pointer, a slot. */
const BYTES_PER_VALUE = 64;

/**
 * About what something takes in memory, in bytes. Telemetry with values nested
 * beyond what the stack has room for is none: that throws.
 *
 * @param shared what belongs to others as well, and is counted with the first of them.
 */
export function estimateBytes(any: unknown, shared: WeakSet<object>): number {
  if (typeof any === "string") return BYTES_PER_VALUE + any.length * 2;
  if (typeof any !== "object" || any === null) return BYTES_PER_VALUE;
  if (shared.has(any)) return BYTES_PER_VALUE;
  shared.add(any);
  let bytes = BYTES_PER_VALUE;
  for (const [key, value] of Object.entries(any)) {
    bytes += key.length + estimateBytes(value, shared);
  }
  return bytes;
}
