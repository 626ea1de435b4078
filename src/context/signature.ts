/** Gives `replacement` the name and the length of `original`: bundled, it has no name of its own. */
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
