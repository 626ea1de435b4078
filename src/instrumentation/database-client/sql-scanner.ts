import { type Dialect, SqlTokens, type TokenKind } from "../../queries/sql-tokens.ts";
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

/** Reads a statement token by token, and writes its sanitized text and its summary. */
export class SqlScanner {
  readonly #tokens: SqlTokens;
  readonly #summary = new SummaryBuilder();
  #text = "";

  constructor(sql: string, dialect: Dialect) {
    this.#tokens = new SqlTokens(sql, dialect);
  }

  describe(): SqlDescription {
    while (this.#tokens.next()) this.#append(this.#tokens.kind, this.#tokens.text);
    const text = collapseLists(this.#text.trim());
    return { text, operation: this.#summary.operation, summary: this.#summary.text };
  }

  #append(kind: TokenKind, whole: string): void {
    if (kind === "blank" || kind === "comment") {
      if (!this.#text.endsWith(" ")) this.#text += " ";
    } else if (kind === "dollar" || kind === "literal" || kind === "number") {
      this.#text += "?";
      this.#summary.punctuation("?");
    } else {
      this.#text += whole;
      if (kind === "word") this.#summary.word(whole);
      else if (kind === "name") this.#summary.name(whole.replace(/["`[\]]/g, ""));
      else this.#summary.punctuation(whole);
    }
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
