import { lowCardinality } from "../../low-cardinality.ts";

/** Sanitized description of a statement. */
export interface SqlDescription {
  /** Text without comments, with `?` for every literal and for each list of literals. */
  readonly text: string;
  /** `SELECT` or another SQL keyword; undefined if the statement begins with none. */
  readonly operation: string | undefined;
  /**
   * Operations and their tables, in order: `SELECT orders customers`. It is a
   * label, so generated parts of names are masked.
   */
  readonly summary: string | undefined;
}

/** Longer statements are truncated before they are read. */
export const MAX_SQL_LENGTH = 10_000;

const MAX_SUMMARY_LENGTH = 255;
const MAX_CACHED = 500;

/**
 * Lexical rules of a statement. MySQL has strings in double quotes and names in
 * backticks; SQLite has names in all quotes except single ones.
 */
export type Dialect = "standard" | "mysql" | "sqlite";

const descriptions: Readonly<Record<Dialect, Map<string, SqlDescription>>> = {
  standard: new Map(),
  mysql: new Map(),
  sqlite: new Map(),
};

/**
 * Describes a statement by the semantic conventions. Apps run few different
 * statements, so recent results are cached. Statements with literals are all
 * different; the cache is cleared when it is full, so that they cannot fill the
 * memory.
 *
 * Sanitization and summaries:
 * https://opentelemetry.io/docs/specs/semconv/database/database-spans/
 *
 * Lexical rules of PostgreSQL:
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 * - MySQL: https://dev.mysql.com/doc/refman/8.4/en/language-structure.html
 * - SQLite: https://www.sqlite.org/lang_keywords.html
 */
export function describeSql(sql: string, dialect: Dialect = "standard"): SqlDescription {
  const memory = descriptions[dialect];
  const known = memory.get(sql);
  if (known !== undefined) return known;
  const statement = new SqlScanner(sql.slice(0, MAX_SQL_LENGTH), dialect).describe();
  if (memory.size >= MAX_CACHED) memory.clear();
  if (sql.length <= MAX_SQL_LENGTH) memory.set(sql, statement);
  return statement;
}

/**
 * Patterns of the tokens, tried in this order: white space and line comments; the
 * start of a block comment or dollar quote, whose end is found separately because
 * they nest or have tags; parameters; strings with backslashes; other strings,
 * which may lack their end in a truncated text; quoted names; numbers; words;
 * anything else.
 */
const standard = {
  blank: String.raw`\s+|--[^\n]*`,
  comment: String.raw`/\*`,
  dollar: String.raw`\$(?:[A-Za-z_\x80-\uffff][\w\x80-\uffff]*)?\$`,
  parameter: String.raw`\$\d+`,
  literal: String.raw`[eE]'(?:[^'\\]|\\[^]|'')*'?|(?:[nNbBxX]|[uU]&)?'(?:[^']|'')*'?`,
  name: String.raw`(?:[uU]&)?"(?:[^"]|"")*"?`,
  number: String.raw`0[xXoObB][\da-fA-F_]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?`,
  word: String.raw`[A-Za-z_\x80-\uffff][\w$\x80-\uffff]*`,
  other: "[^]",
};

const NO_MATCH = "(?!)";

const tokenPatterns: Readonly<Record<Dialect, RegExp>> = {
  standard: tokenPattern(standard),
  mysql: tokenPattern({
    ...standard,
    blank: String.raw`\s+|--(?!\S)[^\n]*|#[^\n]*`,
    dollar: NO_MATCH,
    literal: String.raw`[nNbBxX]?'(?:[^'\\]|\\[^]|'')*'?|"(?:[^"\\]|\\[^]|"")*"?`,
    name: "`(?:[^`]|``)*`?",
  }),
  sqlite: tokenPattern({
    ...standard,
    dollar: NO_MATCH,
    literal: String.raw`[xX]?'(?:[^']|'')*'?`,
    name: String.raw`"(?:[^"]|"")*"?|\x60(?:[^\x60]|\x60\x60)*\x60?|\[[^\]]*\]?`,
  }),
};

function tokenPattern(kinds: typeof standard): RegExp {
  const groups = Object.entries(kinds).map(([kind, pattern]) => `(?<${kind}>${pattern})`);
  return new RegExp(groups.join("|"), "y");
}

class SqlScanner {
  readonly #sql: string;
  readonly #token: RegExp;
  readonly #nestsComments: boolean;
  readonly #summary = new SummaryBuilder();
  #text = "";
  #position = 0;

  constructor(sql: string, dialect: Dialect) {
    this.#sql = sql;
    this.#token = tokenPatterns[dialect];
    this.#nestsComments = dialect === "standard";
  }

  describe(): SqlDescription {
    while (this.#position < this.#sql.length) this.#readToken();
    const text = collapseLists(this.#text.trim());
    return { text, operation: this.#summary.operation, summary: this.#summary.text };
  }

  #readToken(): void {
    this.#token.lastIndex = this.#position;
    const groups = this.#token.exec(this.#sql)?.groups ?? {};
    const whole = Object.values(groups).find((group) => group !== undefined) ?? "";
    this.#position += Math.max(whole.length, 1);
    if (groups["blank"] !== undefined) this.#blank();
    else if (groups["comment"] !== undefined) this.#skipComment();
    else if (groups["dollar"] !== undefined) this.#skipDollarQuote(whole);
    else if (groups["literal"] !== undefined || groups["number"] !== undefined) this.#literal();
    else this.#append(whole, groups["word"] !== undefined, groups["name"] !== undefined);
  }

  #append(whole: string, isWord: boolean, isName: boolean): void {
    this.#text += whole;
    if (isWord) this.#summary.word(whole);
    else if (isName) this.#summary.name(whole.replace(/["`[\]]/g, ""));
    else this.#summary.punctuation(whole);
  }

  #literal(): void {
    this.#text += "?";
    this.#summary.punctuation("?");
  }

  #blank(): void {
    if (!this.#text.endsWith(" ")) this.#text += " ";
  }

  #skipComment(): void {
    const mark = /\/\*|\*\//g;
    mark.lastIndex = this.#position;
    let depth = 1;
    while (depth > 0) {
      const found = mark.exec(this.#sql);
      if (found === null) break;
      if (found[0] === "*/") depth--;
      else if (this.#nestsComments) depth++;
    }
    this.#position = depth > 0 ? this.#sql.length : mark.lastIndex;
    this.#blank();
  }

  #skipDollarQuote(tag: string): void {
    const end = this.#sql.indexOf(tag, this.#position);
    this.#position = end === -1 ? this.#sql.length : end + tag.length;
    this.#literal();
  }
}

/**
 * Collapses `IN (?, ?, ?)` and `VALUES (?, ?), (?, ?)`, which differ in the number
 * of values only.
 */
function collapseLists(text: string): string {
  return text
    .replace(/\(\s*\?(?:\s*,\s*\?)+\s*\)/g, "(?)")
    .replace(/\(\s*\?\s*\)(?:\s*,\s*\(\s*\?\s*\))+/g, "(?)");
}

/**
 * Keywords with which a statement may begin. Only these become values of the
 * metric's attribute.
 */
const operations = new Set(
  (
    "SELECT INSERT UPDATE DELETE MERGE WITH VALUES TABLE BEGIN START COMMIT END ROLLBACK ABORT " +
    "SAVEPOINT RELEASE CREATE ALTER DROP TRUNCATE CALL COPY EXPLAIN SET RESET SHOW LISTEN UNLISTEN " +
    "NOTIFY LOCK VACUUM ANALYZE REFRESH REINDEX CLUSTER GRANT REVOKE DO EXECUTE PREPARE DEALLOCATE " +
    "DECLARE FETCH MOVE CLOSE DISCARD COMMENT CHECKPOINT REPLACE USE DESCRIBE LOAD KILL FLUSH UNLOCK " +
    "OPTIMIZE PRAGMA ATTACH DETACH SIGNAL RESIGNAL"
  ).split(" "),
);
const nestedOperations = new Set(["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"]);
/** Words after which an operation's keyword is part of a clause: `FOR UPDATE`, `ON DELETE`. */
const nonOperationPrefixes = new Set([
  "FOR",
  "KEY",
  "DO",
  "ON",
  "OR",
  "BEFORE",
  "AFTER",
  "OF",
  "THEN",
]);
const targetIntroducers = new Set(["FROM", "INTO", "JOIN", "TABLE", "CALL", "COPY", "VIEW"]);
/** Operations that are followed by a table. */
const targetOperations = new Set(["UPDATE", "TRUNCATE"]);
const targetModifiers = new Set(["ONLY", "LATERAL", "IF", "NOT", "EXISTS", "CONCURRENTLY"]);
const listTerminators = new Set(
  "WHERE GROUP ORDER HAVING LIMIT OFFSET FETCH UNION EXCEPT INTERSECT SET VALUES RETURNING ON USING WINDOW".split(
    " ",
  ),
);
/** Words that may precede a parenthesis without being a function's name. */
const groupKeywords = new Set(
  "IN AS FROM JOIN EXISTS ANY ALL SOME AND OR NOT ON WHERE SELECT UNION EXCEPT INTERSECT VALUES USING INTO LATERAL BY".split(
    " ",
  ),
);

class SummaryBuilder {
  operation: string | undefined = undefined;
  readonly #parts: string[] = [];
  /** One element per open parenthesis: whether it belongs to a function call. */
  readonly #calls: boolean[] = [];
  #length = 0;
  #previous = "";
  #isFirst = true;
  #expectsTarget = false;
  /** Whether the last token was the name of a target, or the dot after it. */
  #target: "none" | "named" | "dotted" = "none";
  /** Number of open parentheses at which a comma separates tables; -1 outside of a list. */
  #listDepth = -1;

  get text(): string | undefined {
    return this.#parts.length === 0 ? undefined : this.#parts.map(lowCardinality).join(" ");
  }

  word(word: string): void {
    const upper = word.toUpperCase();
    if (this.#target === "dotted") this.#extendTarget(word);
    else if (this.#isFirst) this.#first(upper);
    else if (nestedOperations.has(upper) && !nonOperationPrefixes.has(this.#previous))
      this.#operation(upper);
    else if (targetIntroducers.has(upper)) this.#introduce(upper);
    else if (listTerminators.has(upper)) this.#listDepth = -1;
    else if (this.#expectsTarget && !targetModifiers.has(upper)) this.#addTarget(word);
    else this.#target = "none";
    this.#previous = upper;
  }

  name(name: string): void {
    if (this.#target === "dotted") this.#extendTarget(name);
    else if (this.#expectsTarget) this.#addTarget(name);
    else this.#target = "none";
    this.#previous = "";
  }

  punctuation(sign: string): void {
    if (sign === "." && this.#target === "named") {
      this.#target = "dotted";
      return;
    }
    this.#target = "none";
    if (sign === "(") this.#open();
    else if (sign === ")") this.#calls.pop();
    else if (sign === "," && this.#listDepth === this.#calls.length) this.#expectsTarget = true;
    this.#previous = sign;
  }

  #first(upper: string): void {
    this.#isFirst = false;
    if (!operations.has(upper)) return;
    this.operation = upper;
    this.#operation(upper);
  }

  #operation(upper: string): void {
    this.operation ??= upper;
    this.#add(upper);
    this.#target = "none";
    this.#expectsTarget = targetIntroducers.has(upper) || targetOperations.has(upper);
    this.#listDepth = -1;
  }

  #introduce(upper: string): void {
    this.#target = "none";
    // `substring(x FROM 2)`, `a IS DISTINCT FROM b` and `COPY a FROM stdin` name no table after
    // FROM.
    const isTarget = upper !== "FROM" || (this.#calls.at(-1) !== true && !this.#isNoTable());
    this.#expectsTarget = isTarget;
    if (upper === "FROM" && isTarget) this.#listDepth = this.#calls.length;
  }

  #isNoTable(): boolean {
    const isCopied = this.operation === "COPY" && this.#calls.length === 0;
    return isCopied || this.#previous === "DISTINCT";
  }

  #open(): void {
    this.#expectsTarget = false;
    this.#calls.push(/^\w/.test(this.#previous) && !groupKeywords.has(this.#previous));
  }

  #addTarget(name: string): void {
    this.#add(name);
    this.#expectsTarget = false;
    this.#target = "named";
  }

  #extendTarget(name: string): void {
    const last = this.#parts.pop();
    this.#parts.push(`${last}.${name}`);
    this.#length += name.length + 1;
    this.#target = "named";
  }

  #add(part: string): void {
    this.#length += part.length + 1;
    if (this.#length <= MAX_SUMMARY_LENGTH) this.#parts.push(part);
  }
}
