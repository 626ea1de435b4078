import { stringify } from "yaml";
import { minutesOf } from "../../../src/ops/prometheus/duration.ts";
import type { Mutant } from "./mutants.ts";
import { nameOf, objectiveOf, type Rule, type RuleTest, type TimedTest } from "./rules.ts";

/**
 * Returns the tests that can notice the change of a rule, those with the fewest evaluations
 * first.
 */
export function testsOf(mutant: Mutant): readonly TimedTest[] {
  const { file, original } = mutant;
  const objective = objectiveOf(original);
  const names = [...dependentsOf(mutant)].map(nameOf);
  const texts = objective === undefined ? names : [`"${objective}"`];
  const severity = original.labels?.["sloth_severity"] ?? "";
  const isOwn = ({ expr }: Check): boolean =>
    texts.some((text) => expr.includes(text)) && isOfSeverity(expr, severity);
  if (isShared(mutant)) return file.tests.toSorted((a, b) => evaluationsOf(a) - evaluationsOf(b));
  return file.tests
    .map(({ evaluationInterval, test }) => {
      // Other rules of the test are not in the file with the changed one.
      const checks = test.promql_expr_test.filter(isOwn);
      return { evaluationInterval, test: { ...test, promql_expr_test: checks } };
    })
    .filter(({ test }) => test.promql_expr_test.length > 0)
    .toSorted((a, b) => evaluationsOf(a) - evaluationsOf(b));
}

/** Whether alerts of a severity are looked at. An alert without one is never left out. */
function isOfSeverity(expr: string, severity: string): boolean {
  const [, checked = severity] = /sloth_severity="(\w+)"/u.exec(expr) ?? [];
  return severity === "" || checked === severity;
}

type Check = RuleTest["promql_expr_test"][number];

/** Whether the rule would use series of other objectives, which only their tests notice. */
function isShared({ original, title }: Mutant): boolean {
  return objectiveOf(original) !== undefined && title.includes('drop sloth_id="');
}

function evaluationsOf({ evaluationInterval, test }: TimedTest): number {
  const ends = test.promql_expr_test.map((check) => minutesOf(check.eval_time));
  return Math.max(...ends) / minutesOf(evaluationInterval);
}

/** Renders a file of rules with the changed rule, and those that it needs or that need it. */
export function ruleFileOf(mutant: Mutant): string {
  const { file, original, changed } = mutant;
  const needed = new Set(
    [...dependentsOf(mutant)].flatMap((rule) => [
      ...closure(file.rules, rule, (one, other) => uses(one, other)),
    ]),
  );
  const rules = file.rules
    .filter((rule) => needed.has(rule))
    .flatMap((rule) => (rule === original ? (changed ?? []) : rule));
  return stringify({ groups: [{ name: "mutants", rules }] }, { aliasDuplicateObjects: false });
}

/** Renders a file with one test. */
export function testFileOf({ evaluationInterval, test }: TimedTest, ruleFile: string): string {
  const content = {
    rule_files: [ruleFile],
    evaluation_interval: evaluationInterval,
    tests: [test],
  };
  return stringify(content, { aliasDuplicateObjects: false });
}

/** Returns a rule and those that need it. Tests of an objective look at all of its rules. */
function dependentsOf(mutant: Mutant): ReadonlySet<Rule> {
  const { file, original } = mutant;
  if (isShared(mutant)) return new Set(file.rules);
  const objective = objectiveOf(original);
  if (objective !== undefined)
    return new Set(file.rules.filter((rule) => objectiveOf(rule) === objective));
  return closure(file.rules, original, (rule, other) => uses(other, rule));
}

function closure(
  rules: readonly Rule[],
  start: Rule,
  follows: (rule: Rule, other: Rule) => boolean,
): ReadonlySet<Rule> {
  const found = new Set([start]);
  // A set visits what is added while it is visited.
  for (const rule of found) for (const other of rules) if (follows(rule, other)) found.add(other);
  return found;
}

function uses({ expr }: Rule, other: Rule): boolean {
  return other.record !== undefined && expr.includes(other.record);
}
