import { lowCardinality } from "../../low-cardinality.ts";

const MAX_SUMMARY_LENGTH = 255;

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

/** Builds the summary of a statement from its tokens: operations and their tables. */
export class SummaryBuilder {
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
    if (isPlaceholder(sign)) this.#expectsTarget = false;
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

/** Whether a sign stands for a value or, in a template that a client fills in, for a name. */
function isPlaceholder(sign: string): boolean {
  return sign === "?" || sign.startsWith("$");
}
