import { type Dialect, SqlTokens } from "./sql-tokens.ts";

/** A part of a statement: a word, a quoted name, a value or placeholder, or an operator. */
export interface Lexeme {
  readonly kind: "word" | "name" | "value" | "sign";
  /** As written; `?` for a value. */
  readonly text: string;
  /** In capitals, except for names. */
  readonly upper: string;
}

/** The parts of a statement, and what its comments and values show. */
export interface Lexemes {
  readonly list: readonly Lexeme[];
  readonly hasPlaceholders: boolean;
  readonly comments: readonly string[];
}

const VALUE: Lexeme = { kind: "value", text: "?", upper: "?" };

/** Reads the parts of a statement in linear time. */
export function readLexemes(sql: string, dialect: Dialect): Lexemes {
  const reader = new LexemeReader(sql, dialect);
  while (reader.next());
  return reader;
}

class LexemeReader implements Lexemes {
  readonly list: Lexeme[] = [];
  readonly comments: string[] = [];
  hasPlaceholders = false;
  readonly #tokens: SqlTokens;
  readonly #placeholderSigns: string;
  /** Whether nothing stands between the last token and the current one. */
  #isAdjacent = false;

  constructor(sql: string, dialect: Dialect) {
    this.#tokens = new SqlTokens(sql, dialect);
    // In MySQL `@name` is a variable of the session.
    this.#placeholderSigns = dialect === "mysql" ? ":" : ":@$";
  }

  next(): boolean {
    if (!this.#tokens.next()) return false;
    const { kind, text } = this.#tokens;
    if (kind === "blank" || kind === "comment") {
      if (kind === "comment" || /^(?:--|#)/.test(text)) this.comments.push(text);
      this.#isAdjacent = false;
      return true;
    }
    if (kind === "parameter" || text === "?") this.#placeholder();
    else if (kind === "word") this.#word(text);
    else if (kind === "name") this.list.push({ kind, text, upper: text });
    else if (kind === "other") this.#sign(text);
    else this.#value();
    this.#isAdjacent = true;
    return true;
  }

  #placeholder(): void {
    this.hasPlaceholders = true;
    this.#value();
  }

  /** Writes a value, with the sign before it; adjacent strings are one: `'a' 'b'`. */
  #value(): void {
    const sign = this.list.at(-1)?.text;
    if ((sign === "-" || sign === "+") && expectsOperand(this.list.at(-2))) this.list.pop();
    if (this.list.at(-1) !== VALUE) this.list.push(VALUE);
  }

  #word(text: string): void {
    const upper = text.toUpperCase();
    const last = this.list.at(-1);
    const sign = this.#isAdjacent && last?.kind === "sign" ? last.text : "";
    if (sign !== "" && this.#placeholderSigns.includes(sign)) {
      this.list.pop();
      this.#placeholder();
    } else if (sign.startsWith("@")) {
      this.list.pop();
      this.list.push({ kind: "word", text: sign + text, upper: sign + upper });
    } else if (CONSTANTS.has(upper) && last?.upper !== "IS" && last?.upper !== "NOT") this.#value();
    else this.list.push({ kind: "word", text, upper });
  }

  /** Adds a character to the operator before it, or begins another. */
  #sign(text: string): void {
    const last = this.list.at(-1);
    const joined = `${last?.text}${text}`;
    if (this.#isAdjacent && last?.kind === "sign" && OPERATORS.has(joined)) {
      this.list[this.list.length - 1] = { kind: "sign", text: joined, upper: joined };
    } else this.list.push({ kind: "sign", text, upper: text });
  }
}

/** Whether a sign behind this part belongs to the number that follows. */
function expectsOperand(before: Lexeme | undefined): boolean {
  if (before?.kind === "word") return OPERAND_KEYWORDS.has(before.upper);
  return before?.kind === "sign" && before.text !== ")" && before.text !== "]";
}

const CONSTANTS = new Set(["NULL", "TRUE", "FALSE"]);

/** Words behind which a value stands. */
const OPERAND_KEYWORDS = new Set(
  (
    "SELECT WHERE AND OR NOT LIMIT OFFSET THEN ELSE WHEN BY IN BETWEEN LIKE ILIKE RETURNING SET " +
    "VALUES ON CASE HAVING DISTINCT ALL ANY"
  ).split(" "),
);

/** Operators of several characters, and their beginnings. */
const OPERATORS = new Set(
  (
    "<= >= <> != == || && :: := => -> ->> #> #>> #- <=> @> <@ @@ @@@ ~* !~ !~* ~~ ~~* !~~ !~~* " +
    "<< >> <-> <# <#> |/ &< &>"
  )
    .split(" ")
    .flatMap((operator) => [operator, operator.slice(0, 2), operator.slice(0, 3)]),
);
