/** Reads a property of any value; undefined where it has none, or where reading fails (a getter, a revoked proxy). */
export function propertyOf(value: unknown, key: string): unknown {
  if (value === undefined || value === null) return undefined;
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}
