import type { Dialect } from "../../queries/sql-tokens.ts";
import { SqlScanner, type SqlDescription } from "./sql-scanner.ts";

/** Longer statements are truncated before they are read. */
export const MAX_SQL_LENGTH = 10_000;

const MAX_CACHED = 500;

const descriptions: Readonly<Record<Dialect, Map<string, SqlDescription>>> = {
  standard: new Map(),
  mysql: new Map(),
  sqlite: new Map(),
};

/**
 * Describes a statement by the semantic conventions. Apps run few different
 * statements, so recent results are cached. Statements with literals are all
 * different; the cache is cleared when it is full, so that they cannot fill the
 * cache.
 *
 * Sanitization and summaries:
 * https://opentelemetry.io/docs/specs/semconv/database/database-spans/
 */
export function describeSql(sql: string, dialect: Dialect = "standard"): SqlDescription {
  const cache = descriptions[dialect];
  const known = cache.get(sql);
  if (known !== undefined) return known;
  const statement = new SqlScanner(sql.slice(0, MAX_SQL_LENGTH), dialect).describe();
  if (cache.size >= MAX_CACHED) cache.clear();
  if (sql.length <= MAX_SQL_LENGTH) cache.set(sql, statement);
  return statement;
}
