/** A command of MongoDB without what differs from call to call. */
export interface MongoFingerprint {
  /** JSON with `?` for every value but the name of the collection. */
  readonly text: string;
  /** The first key: `find`. */
  readonly operation: string;
  readonly collection: string | undefined;
}

/** Longer commands are truncated before they are read. */
const MAX_LENGTH = 4000;

/** Tokens of JSON, of which a truncated text may lack the end. */
const TOKEN = /"(?:[^"\\]|\\[^])*"?|[{}[\]:,]|[^\s{}[\]:,"]+/g;

/**
 * Returns the fingerprint of a command, in linear time.
 *
 * @param command its JSON, as in `db.query.text`: `{"find":"items","filter":{"_id":1}}`
 */
export function mongoFingerprint(command: string): MongoFingerprint {
  const tokens = command.slice(0, MAX_LENGTH).match(TOKEN) ?? [];
  const operation = unquoted(tokens[1] ?? "");
  const value = tokens[3] ?? "";
  const collection = tokens[2] === ":" && value.startsWith('"') ? unquoted(value) : undefined;
  return { text: formOf(tokens, collection === undefined ? -1 : 3), operation, collection };
}

/** @param kept index of the name of the collection */
function formOf(tokens: readonly string[], kept: number): string {
  const written: string[] = [];
  for (const [at, token] of tokens.entries()) {
    if (at === kept || isPunctuation(token) || tokens[at + 1] === ":") written.push(token);
    else written.push("?");
    collapse(written);
  }
  return written.join("");
}

/** Removes a value behind an equal one in an array: `[?,?` becomes `[?`. */
function collapse(written: string[]): void {
  const end = written.length;
  const isRepeated =
    written[end - 1] === "?" && written[end - 2] === "," && written[end - 3] === "?";
  if (isRepeated && written[end - 4] === "[") written.length = end - 2;
}

function isPunctuation(token: string): boolean {
  return /^[{}[\]:,]$/.test(token);
}

function unquoted(text: string): string {
  return text.replace(/^"|"$/g, "");
}

const set = (text: string): ReadonlySet<string> => new Set(text.split(" "));

export const mongoReads: ReadonlySet<string> = set("find aggregate count distinct");
export const mongoWrites: ReadonlySet<string> = set(
  "insert update delete findAndModify findandmodify",
);
