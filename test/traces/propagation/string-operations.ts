const METHODS = ["charCodeAt", "indexOf", "slice"] as const;

/**
 * Counts how often `work` reads a character of a string, searches or slices one: its
 * cost without a clock, the same on every machine.
 */
export function countStringOperations(work: () => void): number {
  const originals = Object.getOwnPropertyDescriptors(String.prototype);
  let steps = 0;
  for (const name of METHODS) {
    const original = String.prototype[name] as (this: string, ...args: unknown[]) => unknown;
    define(name, {
      ...originals[name],
      value(this: string, ...args: unknown[]): unknown {
        steps++;
        return original.apply(this, args);
      },
    });
  }
  try {
    work();
  } finally {
    for (const name of METHODS) define(name, originals[name]);
  }
  return steps;
}

function define(name: string, descriptor: PropertyDescriptor): void {
  // oxlint-disable-next-line eslint/no-extend-native -- only while it counts
  Object.defineProperty(String.prototype, name, descriptor);
}
