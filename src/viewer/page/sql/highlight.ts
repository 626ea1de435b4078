/* Splits SQL into parts of one colour. Any text is taken: what is unknown is plain. */

export type TokenKind =
  | "keyword"
  | "string"
  | "name"
  | "comment"
  | "parameter"
  | "number"
  | "plain";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

/** Strings, quoted names, comments, parameters, numbers and words; each may be unfinished. */
const TOKEN =
  /('(?:[^']|'')*'?)|("[^"]*"?|`[^`]*`?)|(--[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/|\*?$))|(\$\d+|\?|[:@][A-Za-z_]\w*)|(\d+(?:\.\d+)?)|([A-Za-z_]\w*)/g;

const kinds: readonly TokenKind[] = [
  ...(["string", "name", "comment", "parameter", "number", "keyword"] as const),
];

const KEYWORDS = new Set(
  `add all alter and any array as asc begin between by case cast coalesce collate column commit
  conflict constraint create cross current default delete desc distinct do drop else end exists
  explain false fetch filter first for from full group having if ilike in index inner insert
  intersect into is join key last lateral left like limit lock natural not null nulls of offset on
  only or order outer over partition primary recursive references returning right rollback row rows
  savepoint select set share skip some start table then transaction true truncate union unique
  update using values view when where window with`.split(/\s+/),
);

export function highlightSql(text: string): Token[] {
  const tokens: Token[] = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > end) tokens.push({ kind: "plain", text: text.slice(end, match.index) });
    tokens.push({ kind: kindOf(match), text: match[0] });
    end = match.index + match[0].length;
  }
  if (end < text.length) tokens.push({ kind: "plain", text: text.slice(end) });
  return tokens;
}

function kindOf(match: RegExpExecArray): TokenKind {
  const kind = kinds.find((_, index) => match[index + 1] !== undefined) ?? "plain";
  return kind === "keyword" && !KEYWORDS.has(match[0].toLowerCase()) ? "plain" : kind;
}
