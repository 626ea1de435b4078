/** Memory of a value in addition to its text: a header, a pointer and a slot. */
const BYTES_PER_VALUE = 64;

/**
 * Estimates the memory of a value, in bytes.
 *
 * @param shared objects that were counted before. Objects of several items count once.
 * @throws RangeError if values are nested too deeply for the stack.
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
