import type { Lexeme } from "./sql-lexemes.ts";

/**
 * Writes the parts of a statement with one form of white space, one value for a list of `IN`
 * or an array, and one row for several equal ones of `VALUES`. A semicolon at the end is no
 * part of the text.
 */
export function shapeOf(lexemes: readonly Lexeme[]): string {
  const lists = new ListCollapser();
  for (const lexeme of lexemes) lists.add(lexeme);
  const { kept } = lists;
  let end = kept.length;
  while (end > 0 && kept[end - 1]?.text === ";") end--;
  let text = "";
  for (let at = 0; at < end; at++) {
    if (at > 0 && needsSpace(kept[at - 1]!, kept[at]!)) text += " ";
    text += kept[at]!.text;
  }
  return text;
}

/** An open parenthesis or bracket. */
interface Frame {
  /** `values`: a list of `IN` or an array; `row`: one of `VALUES`. */
  readonly items: "values" | "row" | "other";
  /** Index of the parenthesis. */
  readonly start: number;
  /** Index of the first part of the current item. */
  itemStart: number;
  /** The item before, if it is constant. */
  item: string | undefined;
}

/** A longer item of a list is not compared with its neighbour, so that the time stays linear. */
const MAX_ITEM_LENGTH = 100;

class ListCollapser {
  readonly kept: Lexeme[] = [];
  readonly #frames: Frame[] = [];
  /** The last row of VALUES. */
  #row: { readonly end: number; readonly text: string } | undefined;

  add(lexeme: Lexeme): void {
    const { text } = lexeme;
    if (text === "(" || text === "[") this.#open(lexeme);
    else if (text === ")" || text === "]") this.#close(lexeme);
    else if (text === ",") this.#separate(lexeme);
    else this.kept.push(lexeme);
  }

  #open(lexeme: Lexeme): void {
    const start = this.kept.length;
    this.#frames.push({
      items: this.#itemsAt(start),
      start,
      itemStart: start + 1,
      item: undefined,
    });
    this.kept.push(lexeme);
  }

  #itemsAt(start: number): Frame["items"] {
    const before = this.kept[start - 1]?.upper;
    if (before === "IN" || before === "ARRAY") return "values";
    if (before === "VALUES" || before === "VALUE") return "row";
    const isNextRow = before === "," && this.#row?.end === start - 1;
    return isNextRow ? "row" : "other";
  }

  #separate(lexeme: Lexeme): void {
    const frame = this.#frames.at(-1);
    if (frame?.items === "values") this.#endItem(frame);
    this.kept.push(lexeme);
    if (frame !== undefined) frame.itemStart = this.kept.length;
  }

  #close(lexeme: Lexeme): void {
    const frame = this.#frames.pop();
    if (frame?.items === "values") this.#endItem(frame);
    this.kept.push(lexeme);
    if (frame?.items === "row") this.#endRow(frame.start);
  }

  /** Removes the item and the comma before it if the item before has the same constant form. */
  #endItem(frame: Frame): void {
    const item = this.#textSince(frame.itemStart);
    const isConstant = item !== undefined && /^[?(), ]+$/.test(item);
    if (isConstant && item === frame.item) this.kept.length = frame.itemStart - 1;
    else frame.item = isConstant ? item : undefined;
  }

  /** Removes the row and the comma before it if it is like the row before. */
  #endRow(start: number): void {
    const text = this.#textSince(start);
    if (text !== undefined && this.#row?.end === start - 1 && this.#row.text === text) {
      this.kept.length = start - 1;
    } else this.#row = text === undefined ? undefined : { end: this.kept.length, text };
  }

  #textSince(start: number): string | undefined {
    if (this.kept.length - start > MAX_ITEM_LENGTH) return undefined;
    let text = "";
    for (let at = start; at < this.kept.length; at++) text += `${this.kept[at]!.text} `;
    return text;
  }
}

/** Words before a parenthesis that are no function. */
const GROUP_KEYWORDS = new Set(
  (
    "IN AS FROM JOIN EXISTS ALL SOME AND OR NOT ON WHERE SELECT UNION EXCEPT INTERSECT VALUES VALUE " +
    "USING INTO LATERAL BY WITH WHEN THEN ELSE CASE SET HAVING RETURNING LIMIT OFFSET BETWEEN LIKE " +
    "CONFLICT OVER FILTER DISTINCT MATERIALIZED"
  ).split(" "),
);

const NO_SPACE_BEHIND = new Set(["(", "[", ".", "::"]);
const NO_SPACE_BEFORE = new Set([",", ")", "]", ".", ";", "::"]);

function needsSpace(before: Lexeme, { text }: Lexeme): boolean {
  if (NO_SPACE_BEHIND.has(before.text) || NO_SPACE_BEFORE.has(text)) return false;
  if (text !== "(" && text !== "[") return true;
  return before.kind === "sign" || before.kind === "value" || GROUP_KEYWORDS.has(before.upper);
}
