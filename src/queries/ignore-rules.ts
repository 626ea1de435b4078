import type { Call } from "./call.ts";

/** Returns whether a call is excluded by its fingerprint or its place. */
export type IgnoresCall = (fingerprint: string, place: Call["place"]) => boolean;

/**
 * Compiles rules: an entry with white space or a brace is a fingerprint
 * (`SELECT * FROM settings*`), any other the end of a path, with or without a line
 * (`src/reports/*`, `src/orders.ts:42`). `*` is any text.
 */
export function compileIgnoreRules(entries: readonly string[]): IgnoresCall {
  const rules = entries.map((entry) => entry.trim()).filter((entry) => entry !== "");
  const fingerprints = rules.filter(isFingerprint);
  const places = rules
    .filter((rule) => !isFingerprint(rule))
    .map((rule) => `*/${rule.replace(/^\//, "")}`);
  return (fingerprint, place) => {
    if (fingerprints.some((rule) => matches(rule, fingerprint))) return true;
    if (place === undefined || places.length === 0) return false;
    const file = `/${place.file.replaceAll("\\", "/").replace(/^file:\/\//, "")}`;
    return places.some((rule) => matches(rule, file) || matches(rule, `${file}:${place.line}`));
  };
}

function isFingerprint(rule: string): boolean {
  return /[\s{]/.test(rule);
}

/** Whether the whole text matches, in which `*` is any text. Has no recursion. */
function matches(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let restart = 0;
  let position = 0;
  while (position < text.length) {
    if (pattern[at] === "*") {
      star = at++;
      restart = position;
    } else if (pattern[at] === text[position]) {
      at++;
      position++;
    } else if (star === -1) return false;
    else {
      at = star + 1;
      position = ++restart;
    }
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}
