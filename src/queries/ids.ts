import { lowCardinality } from "../low-cardinality.ts";

/** Separators of the parts of keys and paths, as opposed to those inside of an id. */
const SEPARATORS = /([:/.,|{}[\]#@+]+)/;
const NUMBER = /(?<![\p{L}\p{N}])\p{N}+(?![\p{L}\p{N}])/gu;
const HAS_DIGIT = /\d/;

/** Returns a key or a path with `?` for ids: numbers, UUIDs, hexadecimal and random texts. */
export function maskIds(text: string): string {
  const parts = text.split(SEPARATORS);
  for (let at = 0; at < parts.length; at += 2) {
    const part = parts[at]!;
    // Words without a digit are names: `getAllItemsOfOrder`.
    if (HAS_DIGIT.test(part))
      parts[at] = lowCardinality(part).replace("*", "?").replace(NUMBER, "?");
  }
  return parts.join("");
}

/** Returns the common form of keys or paths, with `?` for each part in which they differ. */
export function commonForm(forms: ReadonlySet<string>): string {
  const [first = "", ...others] = forms;
  const parts = first.split(FORM_SEPARATORS);
  for (const other of others) {
    const otherParts = other.split(FORM_SEPARATORS);
    if (otherParts.length !== parts.length) return first;
    for (const [at, part] of otherParts.entries()) if (part !== parts[at]) parts[at] = "?";
  }
  return parts.join("");
}

const FORM_SEPARATORS = /([\s:/.,|{}[\]#@+]+)/;
