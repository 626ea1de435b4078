import { stringify } from "yaml";
import type { OpsOptions } from "../../options/ops-options.ts";
import type { OutputFile } from "../../output-file.ts";
import { selector } from "../../prometheus/promql.ts";
import { idOf, type Objective } from "../objective.ts";
import { sloRuleGroups } from "../rules.ts";
import { checksOf, type ExpressionTest } from "./checks.ts";
import { conditionScenarios } from "./condition-scenarios.ts";
import { rateScenarios, STEP_MINUTES } from "./rate-scenarios.ts";
import { scenariosOf, type SloScenario } from "./scenarios.ts";

const REPLAYS = `# Replays each objective: it alerts if the budget is spent too fast, and is silent just below
# that, with a restart, a gap, few events or failures, and without traffic. Objectives whose
# queries are in a file of Sloth or OpenSLO are tested from their recorded series on.
#
#   promtool test rules slo.yaml
`;

const RATES = `# Replays days of recorded numbers of events, with one sample in ten minutes: each rate of
# each alert fires it, and a lower one does not, nor one in only one of its two windows, and
# the minimum of events is enough. Other objectives are silent.
#
#   promtool test rules slo-rates.yaml
`;

/**
 * Returns files for `promtool test rules`, in `tests/`.
 *
 * @param ruleFile the path of the rules, relative to that folder.
 */
export function replayFiles(ruleFile: string, options: OpsOptions): readonly OutputFile[] {
  const { objectives } = options;
  const rates = testFile(options, scenariosOfDays, STEP_MINUTES);
  const rendered = (header: string, step: number, tests: string): string => {
    const head = stringify({
      rule_files: [ruleFile],
      evaluation_interval: `${step}m`,
      // Otherwise alerts may be evaluated before the ratios that they need.
      group_eval_order: objectives.flatMap(sloRuleGroups).map(({ name }) => name),
    });
    return `${header}${head}tests:\n${tests}`;
  };
  return [
    {
      path: "tests/slo.yaml",
      text: rendered(REPLAYS, 1, testFile(options, scenariosOf, 1)),
    },
    ...(rates === ""
      ? []
      : [{ path: "tests/slo-rates.yaml", text: rendered(RATES, STEP_MINUTES, rates) }]),
  ];
}

function scenariosOfDays(objective: Objective): readonly SloScenario[] {
  return [...rateScenarios(objective), ...conditionScenarios(objective)];
}

function testFile(
  options: OpsOptions,
  scenarios: (objective: Objective) => readonly SloScenario[],
  step: number,
): string {
  return options.objectives
    .flatMap((objective) =>
      scenarios(objective).map((scenario) =>
        testText(objective, scenario, step, checksOf(objective, scenario, options)),
      ),
    )
    .join("");
}

/** Renders a test of promtool, whose title is a comment: 2.42 has no names of tests. */
function testText(
  objective: Objective,
  scenario: SloScenario,
  step: number,
  checks: readonly ExpressionTest[],
): string {
  const test = {
    interval: `${step}m`,
    input_series: scenario.series.map(({ metric, labels, values }) => ({
      series: selector(
        metric,
        Object.entries(labels).map(([label, text]) => [label, "=", text]),
      ),
      values,
    })),
    promql_expr_test: checks,
  };
  const text = stringify([test], { lineWidth: 0 }).replaceAll(/^(?=.)/gm, "  ");
  const result = scenario.firing.length === 0 ? "silent" : "alerts";
  return `  # ${idOf(objective)}, ${scenario.title}: ${result}.\n${text}`;
}
