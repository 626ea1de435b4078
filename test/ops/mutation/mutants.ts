import { secondsOf } from "../../../src/ops/prometheus/duration.ts";
import { changesOf } from "./expression-changes.ts";
import { nameOf, objectiveOf, type Rule, type TestedRules } from "./rules.ts";

/** A rule with one change, which a test of the rule should notice. */
export interface Mutant {
  readonly file: TestedRules;
  readonly original: Rule;
  /** `HighErrorRatio: halve 0.05`. */
  readonly title: string;
  /** Undefined: the rule is dropped. */
  readonly changed: Rule | undefined;
}

/** Returns the mutants of each rule of a file. */
export function mutantsOf(file: TestedRules): readonly Mutant[] {
  return file.rules.flatMap((original) =>
    changedRules(original).map(({ title, changed }) => ({
      ...{ file, original, changed },
      title: `${titleOf(original)}: ${title}`,
    })),
  );
}

function titleOf(rule: Rule): string {
  const objective = objectiveOf(rule);
  return objective === undefined ? nameOf(rule) : `${nameOf(rule)} of ${objective}`;
}

type Change = Pick<Mutant, "title" | "changed">;

function changedRules(rule: Rule): readonly Change[] {
  return [
    { title: "drop the rule", changed: undefined },
    ...changesOf(rule.expr).map(({ title, expr }) => ({ title, changed: { ...rule, expr } })),
    ...changedLabels(rule),
    ...changedWaits(rule),
  ];
}

function changedLabels({ labels = {}, ...rule }: Rule): Change[] {
  const dropped = Object.keys(labels).map((name) => {
    const { [name]: _, ...others } = labels;
    return { title: `drop the label ${name}`, changed: { ...rule, labels: others } };
  });
  if (labels["severity"] === undefined) return dropped;
  const severity = labels["severity"] === "critical" ? "warning" : "critical";
  const changed = { ...rule, labels: { ...labels, severity } };
  return [...dropped, { title: "change the severity", changed }];
}

function changedWaits({ for: duration, ...rule }: Rule): Change[] {
  const seconds = secondsOf(duration ?? "") ?? 0;
  if (seconds === 0) return [];
  return [
    { title: "drop for", changed: rule },
    { title: "halve for", changed: { ...rule, for: `${seconds / 2}s` } },
    { title: "double for", changed: { ...rule, for: `${seconds * 2}s` } },
  ];
}
