import type { GeneratedExpression } from "./generated-expressions.ts";
import { COMMON_LABELS, type KnownSeries } from "./known-series.ts";
import { labelsOf, parseExpression, type Selector } from "./promql-tree.ts";

/** Returns what is wrong with an expression: its syntax, or names that no series has. */
export function problemsOf(
  { file, name, expr }: GeneratedExpression,
  known: KnownSeries,
): readonly string[] {
  const { errors, selectors, groupings } = parseExpression(expr);
  const labelsOfSeries = (series: string): Iterable<string> =>
    known.get(series) ?? (series === "" ? COMMON_LABELS : []);
  const problems = [
    ...errors.map((error) => `no PromQL: ${error}`),
    ...(errors.length === 0 && selectors.length === 0 && !expr.includes("vector(")
      ? ["it selects nothing"]
      : []),
    ...selectors.flatMap((selector) => problemsOfSelector(selector, known)),
    ...groupings.flatMap(({ label, operands }) =>
      operands
        .filter((operand) => !labelsOf(operand, labelsOfSeries).has(label))
        .map((operand) => `no series of ${operand} has the label ${label}`),
    ),
  ];
  return problems.map(
    (problem) => `${file}, ${name}: ${problem}\n  ${expr.replaceAll("\n", "\n  ")}`,
  );
}

function problemsOfSelector(selector: Selector, known: KnownSeries): string[] {
  const { name, isOfManyNames, labels, text } = selector;
  if (name === undefined && !isOfManyNames) return [`${text} has no name`];
  const existing = name === undefined ? new Set(COMMON_LABELS) : known.get(name);
  if (existing === undefined) return [`there is no metric ${name}`];
  return labels
    .filter((label) => !existing.has(label))
    .map((label) => `${name} has no label ${label}`);
}
