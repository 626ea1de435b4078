/** What stands where a secret was. */
export const MASK = "***";

/** Longer values are cut in the report. */
const MAX_LENGTH = 60;

/**
 * A value as the report may show it: quoted, one line, not long, and without
 * what an address may carry in secret (user, password, path, query).
 */
export function formatMasked(text: string): string {
  return quote(text.includes("://") || text.includes("@") ? maskAddress(text) : text);
}

/**
 * An address for a log line: scheme, host and port stay, user and password,
 * path and query are masked. Works on text that no parser takes as well.
 */
export function maskAddress(address: string): string {
  const [, scheme = "", rest = ""] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)$/is.exec(address) ?? [];
  // A password may hold a slash or an @: all before the last @ may be secret.
  const host = rest.slice(rest.lastIndexOf("@") + 1);
  const user = host.length < rest.length ? `${MASK}@` : "";
  const end = host.search(/[/?#]/);
  const path = end < 0 || host.slice(end) === "/" ? "" : `/${MASK}`;
  return `${scheme}${user}${end < 0 ? host : host.slice(0, end)}${path}`;
}

/** On one line and in quotes, whatever the text holds: it may go to a terminal. */
export function quote(text: string): string {
  const cut = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  return JSON.stringify(cut).replace(CONTROL_CHARACTERS, escapeCharacter);
}

/** What `JSON.stringify` leaves as it is and a terminal or a log viewer might obey. */
const CONTROL_CHARACTERS = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
