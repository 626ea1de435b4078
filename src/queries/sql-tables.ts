import type { Lexeme } from "./sql-lexemes.ts";

/** What a statement does, and with which tables. */
export interface SqlTarget {
  /** First keyword, in capitals; behind the common tables of `WITH`, that of the statement. */
  readonly operation: string;
  /** Without quotes, in their order; `schema.table` where it is written so. */
  readonly tables: readonly string[];
}

/** Reads what a statement does and its tables, in linear time. */
export function targetOf(lexemes: readonly Lexeme[]): SqlTarget {
  const reader = new TargetReader(lexemes);
  for (let at = 0; at < lexemes.length; at++) reader.read(at);
  return { operation: reader.operation, tables: [...reader.tables] };
}

const MAX_TABLES = 20;

class TargetReader {
  operation = "";
  readonly tables = new Set<string>();
  readonly #lexemes: readonly Lexeme[];
  /** For each open parenthesis, whether a comma separates tables in it. */
  readonly #isTableList: boolean[] = [false];
  #depth = 0;
  /** Names of common tables, which are no tables. */
  readonly #common = new Set<string>();
  #isWith = false;

  constructor(lexemes: readonly Lexeme[]) {
    this.#lexemes = lexemes;
  }

  read(at: number): void {
    const { kind, text, upper } = this.#lexemes[at]!;
    if (text === "(") this.#isTableList[++this.#depth] = false;
    else if (text === ")") this.#depth = Math.max(0, this.#depth - 1);
    else if (text === "," && this.#isTableList[this.#depth] === true) this.#addTable(at + 1);
    else if (kind === "word") this.#readWord(upper, at);
  }

  #readWord(upper: string, at: number): void {
    if (this.operation === "" || (this.#isWith && this.#depth === 0 && STATEMENTS.has(upper))) {
      this.#isWith = upper === "WITH";
      this.operation = upper;
    }
    if (upper === "AS" && this.#isWith) this.#addCommon(at - 1);
    if (LIST_ENDS.has(upper)) this.#isTableList[this.#depth] = false;
    if (!this.#introducesTable(upper, at)) return;
    if (upper === "FROM") this.#isTableList[this.#depth] = true;
    this.#addTable(at + 1);
  }

  /** `FROM` of `IS DISTINCT FROM` and of `extract(day FROM x)` is none. */
  #introducesTable(upper: string, at: number): boolean {
    const before = this.#lexemes[at - 1];
    if (upper === "UPDATE") return before?.text === undefined || /^[()]$/.test(before.text);
    if (upper === "FROM") return before?.upper !== "DISTINCT" && !this.#isInCall(at);
    return INTRODUCERS.has(upper);
  }

  /** Whether `FROM` stands between the arguments of `extract`, `substring`, `trim`, `overlay`. */
  #isInCall(at: number): boolean {
    for (let back = at - 1; back >= Math.max(0, at - 5); back--) {
      const text = this.#lexemes[back]?.text;
      if (text === ")") return false;
      if (text === "(") return FUNCTIONS_WITH_FROM.has(this.#lexemes[back - 1]?.upper ?? "");
    }
    return false;
  }

  #addCommon(at: number): void {
    const name = this.#lexemes[at];
    if (name !== undefined) this.#common.add(unquoted(name.text));
  }

  #addTable(start: number): void {
    let at = start;
    while (MODIFIERS.has(this.#lexemes[at]?.upper ?? "")) at++;
    const parts: string[] = [];
    for (; isName(this.#lexemes[at]); at += 2) {
      parts.push(unquoted(this.#lexemes[at]!.text));
      if (this.#lexemes[at + 1]?.text !== ".") break;
    }
    const name = parts.join(".");
    const isFunction = this.#lexemes[at]?.kind === "word" && this.#lexemes[at + 1]?.text === "(";
    const isTable = !isFunction || this.operation === "INSERT" || this.operation === "REPLACE";
    if (name !== "" && isTable && !this.#common.has(name) && this.tables.size < MAX_TABLES) {
      this.tables.add(name);
    }
  }
}

function isName(lexeme: Lexeme | undefined): boolean {
  if (lexeme === undefined || lexeme.kind === "sign" || lexeme.kind === "value") return false;
  return lexeme.kind === "name" || !NO_NAMES.has(lexeme.upper);
}

function unquoted(name: string): string {
  return name.replace(/^["`[]|["`\]]$/g, "");
}

const STATEMENTS = new Set(["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "VALUES"]);
const INTRODUCERS = new Set(["INTO", "JOIN", "TABLE", "TRUNCATE"]);
const MODIFIERS = new Set(["ONLY", "LATERAL", "IF", "NOT", "EXISTS", "TABLE"]);
const NO_NAMES = new Set(["SELECT", "VALUES", "UNNEST", "SET", "WHERE"]);
const FUNCTIONS_WITH_FROM = new Set(["EXTRACT", "SUBSTRING", "TRIM", "OVERLAY", "POSITION"]);
const LIST_ENDS = new Set(
  (
    "WHERE GROUP ORDER HAVING LIMIT OFFSET FETCH UNION EXCEPT INTERSECT SET VALUES RETURNING ON USING " +
    "WINDOW SELECT"
  ).split(" "),
);
