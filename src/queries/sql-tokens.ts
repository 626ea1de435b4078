/*
 * The tokens of SQL, for the sanitized texts and names of spans (`instrumentation/`)
 * and the fingerprints of statements (`queries/`).
 *
 * Lexical rules:
 * - PostgreSQL: https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 * - MySQL: https://dev.mysql.com/doc/refman/8.4/en/language-structure.html
 * - SQLite: https://www.sqlite.org/lang_keywords.html
 */

/**
 * Lexical rules of a statement. MySQL has strings in double quotes and names in
 * backticks; SQLite has names in all quotes except single ones.
 */
export type Dialect = "standard" | "mysql" | "sqlite";

export type TokenKind =
  | "blank"
  | "comment"
  | "dollar"
  | "parameter"
  | "literal"
  | "name"
  | "number"
  | "word"
  | "other";

/**
 * Patterns of the tokens, tried in this order: white space and line comments; the
 * start of a block comment or dollar quote, whose end is found separately because
 * they nest or have tags; parameters; strings with backslashes; other strings,
 * which may lack their end in a truncated text; quoted names; numbers; words;
 * anything else.
 */
const standard: Readonly<Record<TokenKind, string>> = {
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

/** The kinds in the order of their groups. */
const kinds = Object.keys(standard) as readonly TokenKind[];

function tokenPattern(patterns: Readonly<Record<TokenKind, string>>): RegExp {
  return new RegExp(
    Object.values(patterns)
      .map((pattern) => `(${pattern})`)
      .join("|"),
    "y",
  );
}

/** Reads a statement token by token, in linear time. */
export class SqlTokens {
  /** Of the current token. */
  kind: TokenKind = "blank";
  /** Of the current token, quotes included; a dollar quote or comment with its content. */
  text = "";
  readonly #sql: string;
  readonly #pattern: RegExp;
  readonly #nestsComments: boolean;
  #position = 0;

  constructor(sql: string, dialect: Dialect) {
    this.#sql = sql;
    this.#pattern = tokenPatterns[dialect];
    this.#nestsComments = dialect === "standard";
  }

  /** Reads the next token. Returns false at the end. */
  next(): boolean {
    const start = this.#position;
    if (start >= this.#sql.length) return false;
    this.#pattern.lastIndex = start;
    const match = this.#pattern.exec(this.#sql);
    const [whole = ""] = match ?? [];
    this.kind = kinds[(match?.findIndex((group, at) => at > 0 && group !== undefined) ?? 0) - 1]!;
    this.#position += Math.max(whole.length, 1);
    if (this.kind === "comment") this.#skipComment();
    else if (this.kind === "dollar") this.#skipDollarQuote(whole);
    this.text = this.#sql.slice(start, this.#position);
    return true;
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
  }

  #skipDollarQuote(tag: string): void {
    const end = this.#sql.indexOf(tag, this.#position);
    this.#position = end === -1 ? this.#sql.length : end + tag.length;
  }
}
