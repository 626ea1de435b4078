/** Replaces a secret. */
export const MASK = "***";

/** Longer values are truncated in reports. */
const MAX_LENGTH = 60;

/**
 * Formats a value for a report: quoted, on one line, truncated, and without the parts
 * of an address that may be secret (user, password, path, query).
 */
export function formatMasked(text: string): string {
  return quote(text.includes("://") || text.includes("@") ? maskAddress(text) : text);
}

/**
 * Masks user, password, path and query of an address. Scheme, host and port stay.
 * Works on text that is not a valid URL as well.
 */
export function maskAddress(address: string): string {
  const [, scheme = "", rest = ""] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)$/is.exec(address) ?? [];
  // A password may contain a slash or an @: everything before the last @ may be secret.
  const host = rest.slice(rest.lastIndexOf("@") + 1);
  const user = host.length < rest.length ? `${MASK}@` : "";
  const end = host.search(/[/?#]/);
  const path = end < 0 || host.slice(end) === "/" ? "" : `/${MASK}`;
  return `${scheme}${user}${end < 0 ? host : host.slice(0, end)}${path}`;
}

/** Quotes a text on one line, with control characters escaped: it may be written to a terminal. */
export function quote(text: string): string {
  const cut = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  return JSON.stringify(cut).replace(CONTROL_CHARACTERS, escapeCharacter);
}

/** Escapes control characters of a text that is already for a reader. */
export function escapeControls(text: string): string {
  return text.replace(C0_CHARACTERS, escapeCharacter).replace(CONTROL_CHARACTERS, escapeCharacter);
}

// oxlint-disable-next-line eslint/no-control-regex -- They are what is looked for.
const C0_CHARACTERS = /[\u0000-\u001f]/g;

/** Control characters that `JSON.stringify` does not escape. */
const CONTROL_CHARACTERS = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
