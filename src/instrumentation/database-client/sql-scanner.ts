import { SummaryBuilder } from "./sql-summary.ts";

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

/**
 * Lexical rules of a statement. MySQL has strings in double quotes and names in
 * backticks; SQLite has names in all quotes except single ones.
 */
export type Dialect = "standard" | "mysql" | "sqlite";

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

/** Reads a statement token by token, and writes its sanitized text and its summary. */
export class SqlScanner {
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
