/**
 * A path as it was given to a framework, in words: a regular expression as its
 * literal, of several paths all.
 */
export function patternText(path: unknown): string | undefined {
  if (typeof path === "string") return path;
  if (path instanceof RegExp) return String(path);
  if (!Array.isArray(path)) return undefined;
  const texts = path.flat(Infinity).map(patternText);
  return texts.filter((text) => text !== undefined).join(",");
}

/** `path` below the mount `prefix`: no trailing slash but for the root's own. */
export function joinPattern(prefix: string, path: string): string {
  if (path === "" || path === "/") return prefix === "" ? "/" : prefix;
  return prefix + path;
}
