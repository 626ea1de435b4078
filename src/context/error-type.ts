/** Few values, as a metric has it too; `_OTHER` is the conventions' for what can't be told. */
export function errorTypeOf(error: unknown): string {
  try {
    const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
    if (typeof code === "string" && code !== "") return code;
    return typeof name === "string" && name !== "" ? name : "_OTHER";
  } catch {
    return "_OTHER";
  }
}
