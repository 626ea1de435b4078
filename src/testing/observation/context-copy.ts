/**
 * Returns a copy whose plain objects and arrays have the prototypes of this VM context: jest has
 * one for each test file, and a deep comparison compares prototypes.
 */
export function copyIntoContext<Value>(value: Value): Value {
  return value instanceof Object ? value : (copy(value, new Map()) as Value);
}

function copy(value: unknown, copies: Map<object, unknown>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    copies.set(value, items);
    for (const item of value as unknown[]) items.push(copy(item, copies));
    return items;
  }
  if (!isPlain(value)) return value;
  const members: Record<string, unknown> = {};
  copies.set(value, members);
  for (const [key, member] of Object.entries(value)) members[key] = copy(member, copies);
  return members;
}

/** Whether the prototype is that of objects, of any context. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
