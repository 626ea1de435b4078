import type { Dialect } from "./sql-tokens.ts";
import { readLexemes } from "./sql-lexemes.ts";
import { shapeOf } from "./sql-shape.ts";
import { type SqlTarget, targetOf } from "./sql-tables.ts";

/** A statement without what differs from call to call. */
export interface SqlFingerprint extends SqlTarget {
  /**
   * Text without comments, with `?` for every literal and placeholder, one value for a list
   * of `IN`, one row for several of `VALUES`, and one form of white space.
   */
  readonly text: string;
  /** Whether values are passed separately, so that the text alone is not the whole call. */
  readonly hasPlaceholders: boolean;
  /** Whether a comment of the statement excludes it: `telltale: ignore`. */
  readonly isIgnored: boolean;
}

/** Longer statements are truncated before they are read. */
const MAX_SQL_LENGTH = 10_000;
const MAX_CACHED = 1000;

const caches: Readonly<Record<Dialect, Map<string, SqlFingerprint>>> = {
  standard: new Map(),
  mysql: new Map(),
  sqlite: new Map(),
};

/**
 * Returns the fingerprint of a statement, in time that is linear in its length. Apps run few
 * different statements, so recent results are cached. Statements with literals are all
 * different; the cache is cleared when it is full, so that they cannot fill the memory.
 */
export function sqlFingerprint(sql: string, dialect: Dialect = "standard"): SqlFingerprint {
  const cache = caches[dialect];
  const known = cache.get(sql);
  if (known !== undefined) return known;
  const fingerprint = readStatement(sql.slice(0, MAX_SQL_LENGTH), dialect);
  if (cache.size >= MAX_CACHED) cache.clear();
  if (sql.length <= MAX_SQL_LENGTH) cache.set(sql, fingerprint);
  return fingerprint;
}

/** Returns the dialect of a database by `db.system.name`. */
export function dialectOf(system: string | undefined): Dialect {
  if (system === "mysql" || system === "mariadb") return "mysql";
  return system === "sqlite" ? "sqlite" : "standard";
}

function readStatement(sql: string, dialect: Dialect): SqlFingerprint {
  const { list, hasPlaceholders, comments } = readLexemes(sql, dialect);
  const isIgnored = comments.some((comment) => IGNORE_COMMENT.test(comment));
  return { text: shapeOf(list), ...targetOf(list), hasPlaceholders, isIgnored };
}

/** `telltale: ignore` in a comment. */
const IGNORE_COMMENT = /\btelltale: ?ignore\b/i;
