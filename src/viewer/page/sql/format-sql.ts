import { formatDialect, mysql, postgresql, sql, sqlite, type DialectOptions } from "sql-formatter";

/** Longer statements are shown as they are: formatting takes time. */
const MAX_LENGTH = 20_000;

/** Systems whose queries are SQL, by their names in `db.system.name`. */
const dialects: Readonly<Record<string, DialectOptions>> = {
  postgresql,
  mysql,
  mariadb: mysql,
  sqlite,
  "microsoft.sql_server": sql,
  mssql: sql,
  "oracle.db": sql,
  other_sql: sql,
};

const formatted = new Map<string, string>();

export function isSql(system: string): boolean {
  return dialects[system] !== undefined;
}

/** Returns a statement on several lines, or as it is if it can't be parsed. */
export function formatSql(text: string, system: string): string {
  const dialect = dialects[system];
  if (dialect === undefined || text.length > MAX_LENGTH) return text;
  const known = formatted.get(text);
  if (known !== undefined) return known;
  const result = tryFormat(text, dialect);
  if (formatted.size > 1_000) formatted.clear();
  formatted.set(text, result);
  return result;
}

function tryFormat(text: string, dialect: DialectOptions): string {
  try {
    return formatDialect(text, { dialect, expressionWidth: 70, linesBetweenQueries: 1 });
  } catch {
    return text;
  }
}

/** Positions count from 0 in `db.query.parameter.<key>`, and from 1 in SQL. */
export function parameterName(key: string): string {
  return /^\d+$/.test(key) ? `$${Number(key) + 1}` : key;
}
