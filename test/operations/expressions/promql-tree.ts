import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";

/** A selector of series: `name{label="value"}`. */
export interface Selector {
  /** Undefined without a name. */
  readonly name: string | undefined;
  /** Whether it selects series of many names, by a matcher of `__name__`. */
  readonly isOfManyNames: boolean;
  /** The labels of its matchers, without `__name__`. */
  readonly labels: readonly string[];
  readonly text: string;
}

/** A name of a label in `by`, `on`, `group_left` and so on, and the operands that need it. */
export interface GroupingLabel {
  readonly label: string;
  readonly operands: readonly string[];
}

/** What a test looks at in an expression of PromQL. */
export interface ParsedExpression {
  /** Texts that are no PromQL. */
  readonly errors: readonly string[];
  readonly selectors: readonly Selector[];
  readonly groupings: readonly GroupingLabel[];
  /** The sides of comparisons without `bool`, which filter series: what is left if nothing is filtered. */
  readonly comparedSides: readonly string[];
  /** The compared side of an expression that is one comparison with a number: `side < 0`. */
  readonly condition: string | undefined;
}

/** Parses an expression with the grammar of Prometheus' own pages. */
export function parseExpression(expr: string): ParsedExpression {
  const nodes = nodesOf(parser.parse(expr).topNode);
  const textOf = ({ from, to }: SyntaxNode): string => expr.slice(from, to);
  return {
    errors: nodes
      .filter(({ type }) => type.isError)
      .map((node) => `${JSON.stringify(textOf(node))} at ${node.from}`),
    selectors: nodes.filter(isSelector).map((node) => selectorOf(node, textOf)),
    groupings: nodes
      .filter(({ name }) => name === "GroupingLabels")
      .flatMap((node) => groupingLabels(node, textOf)),
    comparedSides: nodes
      .filter((node) => node.name === "BinaryExpr" && isFilter(node))
      .flatMap((node) => [node.firstChild!, node.lastChild!])
      .filter((side) => nodesOf(side).some(isSelector))
      .map(textOf),
    condition: conditionOf(nodes[0]!, textOf),
  };
}

function conditionOf(top: SyntaxNode, textOf: (node: SyntaxNode) => string): string | undefined {
  const whole = top.firstChild;
  if (whole?.name !== "BinaryExpr" || !isFilter(whole)) return undefined;
  const isNumber = !nodesOf(whole.lastChild!).some(isSelector);
  return isNumber ? textOf(whole.firstChild!) : undefined;
}

/** Returns a node and all below it, in the order of the text. */
function nodesOf(top: SyntaxNode): SyntaxNode[] {
  const nodes: SyntaxNode[] = [];
  top.cursor().iterate((node) => void nodes.push(node.node));
  return nodes;
}

function isSelector({ name }: SyntaxNode): boolean {
  return name === "VectorSelector";
}

/** Comparisons with `bool` have a value for each series. */
function isFilter(node: SyntaxNode): boolean {
  const isComparison = ["Gtr", "Gte", "Lss", "Lte", "Eql", "EqlC", "Neq"].some(
    (operator) => node.getChild(operator) !== null,
  );
  return isComparison && node.getChild("BoolModifier") === null;
}

function selectorOf(node: SyntaxNode, textOf: (node: SyntaxNode) => string): Selector {
  const matchers = node.getChild("LabelMatchers");
  const quoted = matchers?.getChild("QuotedLabelName");
  const name = node.getChild("Identifier");
  const labels = [
    ...(matchers?.getChildren("UnquotedLabelMatcher") ?? []).map((one) =>
      one.getChild("LabelName")!,
    ),
    ...(matchers?.getChildren("QuotedLabelMatcher") ?? []).map((one) =>
      one.getChild("QuotedLabelName")!,
    ),
  ].map((one) => unquoted(textOf(one)));
  return {
    name: name ? textOf(name) : quoted ? unquoted(textOf(quoted)) : undefined,
    isOfManyNames: labels.includes("__name__"),
    labels: labels.filter((label) => label !== "__name__"),
    text: textOf(node),
  };
}

function groupingLabels(node: SyntaxNode, textOf: (node: SyntaxNode) => string): GroupingLabel[] {
  const names = [...node.getChildren("LabelName"), ...node.getChildren("QuotedLabelName")];
  const operands = operandsOf(node).map(textOf);
  return names.map((name) => ({ label: unquoted(textOf(name)), operands }));
}

/** Returns the operands that need the labels of a clause. */
function operandsOf(clause: SyntaxNode): SyntaxNode[] {
  const modifier = clause.parent!;
  const owner = modifier.parent!;
  if (modifier.name === "AggregateModifier") return [owner.getChild("FunctionCallBody")!];
  const sides = [owner.firstChild!, owner.lastChild!];
  const before = clause.prevSibling?.name;
  if (before === "GroupLeft") return sides.slice(1);
  if (before === "GroupRight") return sides.slice(0, 1);
  // A label that is ignored may be on one side only.
  return before === "Ignoring" ? [owner] : sides;
}

/**
 * Returns the labels that the result of an expression may have.
 *
 * @param labelsOfSeries returns the labels of series, by their name.
 */
export function labelsOf(
  expr: string,
  labelsOfSeries: (name: string) => Iterable<string>,
): ReadonlySet<string> {
  const textOf = ({ from, to }: SyntaxNode): string => expr.slice(from, to);
  const labelsIn = (node: SyntaxNode): string[] => {
    if (isSelector(node)) return [...labelsOfSeries(selectorOf(node, textOf).name ?? "")];
    if (node.name === "AggregateExpr") return aggregated(node);
    const made = node.name === "FunctionCall" ? madeLabels(node, textOf) : [];
    return [...made, ...childrenOf(node).flatMap(labelsIn)];
  };
  const aggregated = (node: SyntaxNode): string[] => {
    const modifier = node.getChild("AggregateModifier");
    const clause = modifier?.getChild("GroupingLabels");
    const body = childrenOf(node.getChild("FunctionCallBody")!).flatMap(labelsIn);
    const keepsAll = ["Topk", "Bottomk", "LimitK"].some((name) =>
      node.getChild("AggregateOp")!.getChild(name),
    );
    if (keepsAll || modifier?.getChild("Without")) return body;
    return (clause?.getChildren("LabelName") ?? []).map(textOf);
  };
  return new Set(labelsIn(parser.parse(expr).topNode));
}

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

/** Returns the label that `label_replace` and similar functions add. */
function madeLabels(call: SyntaxNode, textOf: (node: SyntaxNode) => string): string[] {
  const name = call.getChild("FunctionIdentifier")!.firstChild?.name ?? "";
  if (name !== "LabelReplace" && name !== "LabelJoin") return [];
  return [unquoted(textOf(call.getChild("FunctionCallBody")!.getChild("StringLiteral")!))];
}

function unquoted(text: string): string {
  return text.replace(/^["'`]|["'`]$/gu, "");
}
