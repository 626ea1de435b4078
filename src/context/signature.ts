/** Copies name and length of `original` to `replacement`, which has no name in the bundle. */
export function withSignature<Replacement extends object>(
  replacement: Replacement,
  original: object,
): Replacement {
  for (const key of ["name", "length"] as const) {
    const own = Object.getOwnPropertyDescriptor(original, key);
    if (own !== undefined) Object.defineProperty(replacement, key, own);
  }
  return replacement;
}
