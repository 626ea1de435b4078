/** Words between dots, in which `*` is any text; `[*]` are the values of a list. */
const FIELD = /^[\p{L}\p{N}_$*-]+(?:\[\*\])*(?:\.[\p{L}\p{N}_$*-]+(?:\[\*\])*)*$/u;
const MAX_FIELD_LENGTH = 128;

/** Returns what is wrong with the name or the path of a field; an empty text if it has no form of one. */
export function fieldProblem(field: string): string | undefined {
  if (field.length > MAX_FIELD_LENGTH) return `at most ${MAX_FIELD_LENGTH} characters`;
  if (!FIELD.test(field) || field.toLowerCase() === "none") return "";
  return /[^*.[\]-]/.test(field) ? undefined : "it would be every field";
}
