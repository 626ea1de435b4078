/** Returns `error.type`: of low cardinality, since metrics have it, and `_OTHER` where it is unknown. */
export function errorTypeOf(error: unknown): string {
  try {
    const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
    if (typeof code === "string" && code !== "") return code;
    return typeof name === "string" && name !== "" ? name : "_OTHER";
  } catch {
    return "_OTHER";
  }
}
