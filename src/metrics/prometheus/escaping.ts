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

/** The characters that such names don't have, and digits at the start. */
const INVALID_IN_NAME = /^[0-9]|[^A-Za-z0-9_:]/gu;
const INVALID_IN_LABEL = /^[0-9]|[^A-Za-z0-9_]/gu;

/** Escapes the name of a metric. */
export function escapeName(name: string, escaping: Escaping): string {
  return escapeBy(escaping, name, INVALID_IN_NAME);
}

/** Escapes the name of a label, which unlike that of a metric has no colons. */
export function escapeLabelName(name: string, escaping: Escaping): string {
  return escapeBy(escaping, name, INVALID_IN_LABEL);
}

function escapeBy(escaping: Escaping, name: string, invalid: RegExp): string {
  switch (escaping) {
    case "allow-utf-8":
      return name;
    case "underscores":
      return name.replace(invalid, "_");
    case "dots":
      // Also of valid names: an underscore must not be taken for one of an escape.
      return name
        .replaceAll("_", "__")
        .replace(invalid, (character) => (character === "." ? "_dot_" : "__"));
    case "values": {
      const escaped = name.replaceAll("_", "__").replace(invalid, codePointText);
      return name.search(invalid) === -1 ? name : `U__${escaped}`;
    }
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

function codePointText(character: string): string {
  return `_${character.codePointAt(0)!.toString(16)}_`;
}
