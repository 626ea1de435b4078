import { parse } from "yaml";
import type { OutputFile } from "../../../src/ops/output-file.ts";

/** A rule of a file for Prometheus. */
export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A test of promtool: made data, and what is expected of them. */
export interface RuleTest {
  readonly interval: string;
  readonly promql_expr_test: readonly { readonly expr: string; readonly eval_time: string }[];
}

/** A test with the time between evaluations, such as `1m`, which is one of its file. */
export interface TimedTest {
  readonly evaluationInterval: string;
  readonly test: RuleTest;
}

/** A file of rules, with their tests. */
export interface TestedRules {
  /** Without folder and extension. */
  readonly name: string;
  readonly rules: readonly Rule[];
  readonly tests: readonly TimedTest[];
}

interface RuleFile {
  readonly groups?: readonly { readonly rules: readonly Rule[] }[];
}

interface TestFile {
  readonly rule_files: readonly string[];
  readonly evaluation_interval: string;
  readonly tests: readonly RuleTest[];
}

/**
 * Returns the files of rules of an output folder with their tests.
 *
 * @throws if a file of rules has no tests.
 */
export function testedRulesOf(files: readonly OutputFile[]): readonly TestedRules[] {
  const testFiles = files
    .filter(({ path }) => path.startsWith("tests/"))
    .map(({ text }) => parse(text) as TestFile);
  return files.flatMap(({ path, text }) => {
    const [, name] = /^prometheus\/(.*)\.yaml$/u.exec(path) ?? [];
    const rules = name === undefined ? [] : rulesOf(parse(text) as RuleFile);
    if (name === undefined || rules.length === 0) return [];
    const tests = testFiles
      .filter(({ rule_files: ruleFiles }) => ruleFiles.includes(`../${path}`))
      .flatMap((file) =>
        file.tests.map((test) => ({ evaluationInterval: file.evaluation_interval, test })),
      );
    if (tests.length === 0) throw new Error(`${path} has no tests`);
    return [{ name, rules, tests }];
  });
}

function rulesOf({ groups = [] }: RuleFile): readonly Rule[] {
  return groups.flatMap(({ rules }) => rules);
}

/** Returns the name of a rule: that of the alert, or that of the recorded series. */
export function nameOf({ record, alert }: Rule): string {
  return record ?? alert ?? "";
}

/** Returns the objective that a rule belongs to. */
export function objectiveOf({ labels }: Rule): string | undefined {
  return labels?.["sloth_id"];
}
