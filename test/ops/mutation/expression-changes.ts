import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";

/** A change of an expression. */
export interface ExpressionChange {
  /** What was done, and where: `drop job, 2 of 3`. */
  readonly title: string;
  readonly expr: string;
}

/** A text that replaces a part of an expression. */
interface Replacement {
  readonly title: string;
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

type TextOf = (node: SyntaxNode) => string;

const flipped: Readonly<Record<string, string>> = {
  Gtr: "<",
  Gte: "<=",
  Lss: ">",
  Lte: ">=",
  EqlC: "!=",
  Neq: "==",
};

/** The kinds of changes, one function each. */
const changesOfNode: readonly ((node: SyntaxNode, textOf: TextOf) => readonly Replacement[])[] = [
  renamedMetrics,
  droppedMatchers,
  droppedLabels,
  changedNumbers,
  flippedComparisons,
  droppedOperands,
  droppedOffsets,
];

/** Returns all changes of an expression, each of which should be noticed. */
export function changesOf(expr: string): readonly ExpressionChange[] {
  const textOf: TextOf = ({ from, to }) => expr.slice(from, to);
  const replacements: Replacement[] = [];
  parser
    .parse(expr)
    .topNode.cursor()
    .iterate(({ node }) => {
      for (const change of changesOfNode) replacements.push(...change(node, textOf));
    });
  const titles = [...new Set(replacements.map(({ title }) => title))];
  return titles.flatMap((title) => changesWithTitle(title, replacements, expr));
}

/** Returns one change for each place, and one of all together. */
function changesWithTitle(
  title: string,
  replacements: readonly Replacement[],
  expr: string,
): ExpressionChange[] {
  const places = replacements.filter((replacement) => replacement.title === title);
  if (places.length === 1) return [{ title, expr: replaced(expr, places) }];
  return [
    { title: `${title}, everywhere`, expr: replaced(expr, places) },
    ...places.map((place, index) => ({
      title: `${title}, ${index + 1} of ${places.length}`,
      expr: replaced(expr, [place]),
    })),
  ];
}

/** Replaces parts from the end to the start. One within another is left as it is. */
function replaced(expr: string, parts: readonly Replacement[]): string {
  let start = expr.length;
  let text = expr;
  for (const { from, to, text: part } of parts.toSorted((a, b) => b.from - a.from)) {
    if (to > start) continue;
    text = text.slice(0, from) + part + text.slice(to);
    start = from;
  }
  return text;
}

function renamedMetrics(node: SyntaxNode, textOf: TextOf): Replacement[] {
  const name = node.name === "VectorSelector" ? node.getChild("Identifier") : null;
  if (name === null) return [];
  return [replacement(`rename ${textOf(name)}`, name, `${textOf(name)}_renamed`)];
}

function droppedMatchers(node: SyntaxNode, textOf: TextOf): Replacement[] {
  if (node.name !== "LabelMatchers") return [];
  return withoutEach(node, ["UnquotedLabelMatcher", "QuotedLabelMatcher"], "{}", textOf);
}

function droppedLabels(node: SyntaxNode, textOf: TextOf): Replacement[] {
  if (node.name !== "GroupingLabels") return [];
  return withoutEach(node, ["LabelName", "QuotedLabelName"], "()", textOf);
}

/** Removes each of the items of a list in brackets. */
function withoutEach(
  list: SyntaxNode,
  kinds: readonly string[],
  [open = "", close = ""]: string,
  textOf: TextOf,
): Replacement[] {
  const items = kinds.flatMap((kind) => list.getChildren(kind));
  return items.map((item) => {
    const others = items.filter((other) => other !== item).map(textOf);
    return replacement(`drop ${textOf(item)}`, list, `${open}${others.join(",")}${close}`);
  });
}

/** Zeros stay the same. */
function changedNumbers(node: SyntaxNode, textOf: TextOf): Replacement[] {
  const value = Number(textOf(node));
  if (node.name !== "NumberDurationLiteral" && node.name !== "NumberLiteral") return [];
  if (value === 0 || Number.isNaN(value)) return [];
  return [
    replacement(`halve ${value}`, node, `${value / 2}`),
    replacement(`double ${value}`, node, `${value * 2}`),
  ];
}

function flippedComparisons(node: SyntaxNode, textOf: TextOf): Replacement[] {
  const other = flipped[node.name];
  if (node.parent?.name !== "BinaryExpr" || other === undefined) return [];
  return [replacement(`flip ${textOf(node)}`, node, other)];
}

/** Leaves one side of `and`, `unless` and `or`. What is excluded is never left. */
function droppedOperands(node: SyntaxNode, textOf: TextOf): Replacement[] {
  const { firstChild: left, lastChild: right } = node;
  if (node.name !== "BinaryExpr" || left === null || right === null) return [];
  const operator = ["And", "Unless", "Or"].find((name) => node.getChild(name) !== null);
  if (operator === undefined) return [];
  const word = operator.toLowerCase();
  const changes = [replacement(`drop ${word} ${oneLine(textOf(right))}`, node, textOf(left))];
  if (operator === "Or")
    changes.push(replacement(`drop ${oneLine(textOf(left))} or`, node, textOf(right)));
  return changes;
}

/** Returns the begin of a text. */
function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/gu, " ");
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}

function droppedOffsets(node: SyntaxNode, textOf: TextOf): Replacement[] {
  if (node.name !== "OffsetExpr" || node.firstChild === null) return [];
  return [replacement("drop the offset", node, textOf(node.firstChild))];
}

function replacement(title: string, { from, to }: SyntaxNode, text: string): Replacement {
  return { title, from, to, text };
}
