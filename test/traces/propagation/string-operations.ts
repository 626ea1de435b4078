const METHODS = ["charCodeAt", "indexOf", "slice"] as const;

/**
 * How often `work` looks at a character of any string, searches one or cuts a
 * piece out: its cost without a clock, the same on every machine.
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
  // oxlint-disable-next-line eslint/no-extend-native -- for the moment of a count
  Object.defineProperty(String.prototype, name, descriptor);
}
