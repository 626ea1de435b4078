/*
 * The schemes by which a scraper that can't read every name gets names that it can.
 * https://prometheus.io/docs/instrumenting/escaping_schemes/
 */

/** A scheme, by its value of `escaping` in the headers `Accept` and `Content-Type`. */
export type Escaping = "allow-utf-8" | "underscores" | "dots" | "values";

export const escapings: readonly Escaping[] = ["allow-utf-8", "underscores", "dots", "values"];

/** The names that every version of Prometheus reads. */
const LEGACY_NAME = /^[A-Za-z_:][A-Za-z0-9_:]*$/;
const LEGACY_LABEL = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Escapes the name of a metric. */
export function escapeName(name: string, escaping: Escaping): string {
  return escapeBy(escaping, name, LEGACY_NAME);
}

/** Escapes the name of a label, which unlike that of a metric has no colons. */
export function escapeLabelName(name: string, escaping: Escaping): string {
  return escapeBy(escaping, name, LEGACY_LABEL);
}

function escapeBy(escaping: Escaping, name: string, legacy: RegExp): string {
  switch (escaping) {
    case "allow-utf-8":
      return name;
    case "underscores":
      return legacy.test(name) ? name : mapInvalid(name, legacy, () => "_");
    case "dots":
      // Also of valid names: an underscore must not be taken for one of an escape.
      return mapInvalid(name.replaceAll("_", "__"), legacy, (character) =>
        character === "." ? "_dot_" : "__",
      );
    case "values":
      return legacy.test(name)
        ? name
        : `U__${mapInvalid(name.replaceAll("_", "__"), legacy, codePointText)}`;
  }
}

/** Quotes the name of a metric that needs it, for the start of a metadata line. */
export function quotedName(name: string): string {
  return LEGACY_NAME.test(name) ? name : quote(name);
}

/** Quotes the name of a label that needs it. */
export function quotedLabel(name: string): string {
  return LEGACY_LABEL.test(name) ? name : quote(name);
}

/** Renders the name and the labels of a sample: a name that must be quoted stands inside the braces. */
export function seriesText(name: string, labels: string): string {
  if (LEGACY_NAME.test(name)) return labels === "" ? name : `${name}{${labels}}`;
  return labels === "" ? `{${quote(name)}}` : `{${quote(name)},${labels}}`;
}

/** Escapes a text for double quotes. */
export function escapeQuoted(text: string): string {
  return text.replace(/[\\"\n]/g, (match) => (match === "\n" ? "\\n" : `\\${match}`));
}

function quote(name: string): string {
  return `"${escapeQuoted(name)}"`;
}

/** Replaces each character that a legacy name can't have, a digit at the start included. */
function mapInvalid(name: string, legacy: RegExp, replace: (character: string) => string): string {
  let text = "";
  for (const character of name) {
    const isValid = legacy.test(text === "" ? character : `_${character}`);
    text += isValid ? character : replace(character);
  }
  return text;
}

function codePointText(character: string): string {
  return `_${character.codePointAt(0)!.toString(16)}_`;
}
