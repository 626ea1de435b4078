/**
 * Returns the text of a path as it was passed to a framework: a regular expression as
 * its literal, several paths with commas between them.
 */
export function patternText(path: unknown): string | undefined {
  if (typeof path === "string") return path;
  if (path instanceof RegExp) return String(path);
  if (!Array.isArray(path)) return undefined;
  const texts = path.flat(Infinity).map(patternText);
  return texts.filter((text) => text !== undefined).join(",");
}

/** Joins `path` to the mount `prefix`, without a trailing slash except for the root. */
export function joinPattern(prefix: string, path: string): string {
  if (path === "" || path === "/") return prefix === "" ? "/" : prefix;
  return prefix + path;
}
