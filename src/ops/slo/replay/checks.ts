import { teamOfJob } from "../../alerts/alert-team.ts";
import type { OpsOptions } from "../../options/ops-options.ts";
import { escapeRegex, selector } from "../../prometheus/promql.ts";
import type { Pairs } from "../../prometheus/rule-file.ts";
import { alertRules } from "../alert-rules.ts";
import { periodWindow, windowsOf } from "../burn-alerts.ts";
import { budgetOf, idOf, type Objective, tidy } from "../objective.ts";
import { budgetLabels } from "../queries/event-queries.ts";
import { EVENTS, FAILED_EVENTS, labelsOf, ratioName, recorded } from "../recorded-series.ts";
import { sloRuleGroups } from "../rules.ts";
import { isOfMetrics } from "./input-series.ts";
import type { Phase } from "./phase.ts";
import type { SloScenario } from "./scenarios.ts";

/** An expression with the series that it has at a time, in the form of promtool. */
export interface ExpressionTest {
  readonly expr: string;
  readonly eval_time: string;
  readonly exp_samples: readonly { readonly labels: string; readonly value: number }[];
}

/** Returns what is checked in a scenario of an objective. */
export function checksOf(
  objective: Objective,
  scenario: SloScenario,
  options: OpsOptions,
): readonly ExpressionTest[] {
  const { complete, unknownAt, flawlessAt, silentAt } = scenario;
  const ratio = recorded(ratioName("5m"), objective);
  const flawless = { ...ratioLabels(objective, scenario), sloth_window: "5m" };
  return [
    ...(unknownAt === undefined ? [] : [check(ratio, unknownAt, [])]),
    ...(flawlessAt === undefined ? [] : [check(`${ratio} + 0`, flawlessAt, [[flawless, 0]])]),
    ...(silentAt === undefined ? [] : [check(firingAlerts(objective, undefined), silentAt, [])]),
    ...(complete === undefined ? [] : seriesChecks(objective, scenario)),
    ...(complete === undefined ? [] : valueChecks(objective, scenario, complete)),
    alertsCheck(objective, scenario, options),
    ...othersCheck(objective, scenario, options.objectives),
  ];
}

function check(
  expr: string,
  minute: number,
  samples: readonly (readonly [labels: Pairs, value: number])[],
  name = "",
): ExpressionTest {
  return {
    expr,
    eval_time: `${minute}m`,
    exp_samples: samples.map(([labels, value]) => ({ labels: seriesOf(name, labels), value })),
  };
}

/** The labels of the objective, and those of its budget. */
function ratioLabels(objective: Objective, { series: [first] }: SloScenario): Pairs {
  const budgets = budgetLabels(objective.indicator).flatMap((label) => {
    const value = first?.labels[label];
    return value === undefined ? [] : [[label, value]];
  });
  return { ...(Object.fromEntries(budgets) as Pairs), ...labelsOf(objective) };
}

/** Each recorded series is there with its labels, and the constant ones have their values. */
function seriesChecks(objective: Objective, scenario: SloScenario): readonly ExpressionTest[] {
  const { minutes } = scenario;
  const rules = sloRuleGroups(objective).flatMap((group) => group.rules);
  const budget = ratioLabels(objective, scenario);
  const expected = rules.flatMap((rule) => {
    if (!("record" in rule)) return [];
    const shared = CONSTANTS.has(rule.record) ? {} : budget;
    const window = windowOf(rule.record, objective);
    return [{ ...shared, ...window, __name__: rule.record, ...rule.labels }];
  });
  const labels = [...new Set(expected.flatMap((pairs) => Object.keys(pairs)))];
  const id = JSON.stringify(idOf(objective));
  const series = `{__name__=~"slo:.*|${INFO}",sloth_id=${id}}`;
  const group = `group by (${labels.join(", ")}) (${series})`;
  const constants: readonly (readonly [name: string, value: number])[] = [
    ["slo:objective:ratio", tidy(objective.percent / 100)],
    ["slo:error_budget:ratio", budgetOf(objective)],
    ["slo:time_period:days", objective.periodDays],
  ];
  return [
    check(
      group,
      minutes,
      expected.map((pairs) => [pairs, 1]),
    ),
    ...constants.map(([name, value]) =>
      check(recorded(name, objective), minutes, [[labelsOf(objective), value]], name),
    ),
    check(`sum(${recorded(INFO, objective)})`, minutes, [[{}, 1]]),
  ];
}

const INFO = "sloth_slo_info";

/** The recorded series that do not depend on events. */
const CONSTANTS = new Set([
  ...["slo:objective:ratio", "slo:error_budget:ratio", "slo:time_period:days", INFO],
]);

/** The window of a ratio is a label of the rates that are computed from it, too. */
function windowOf(record: string, { periodDays }: Objective): Pairs {
  if (record === "slo:current_burn_rate:ratio") return { sloth_window: "5m" };
  return record.startsWith("slo:period_") ? { sloth_window: periodWindow(periodDays) } : {};
}

/** The numbers of five minutes, and the rates, after minutes with the same events each. */
function valueChecks(
  objective: Objective,
  scenario: SloScenario,
  { events, failed }: Phase,
): readonly ExpressionTest[] {
  if (!isOfMetrics(objective.indicator)) return [];
  const ratio = failed / events;
  const rate = ratio / budgetOf(objective);
  const values: readonly (readonly [name: string, value: number])[] = [
    [EVENTS, 5 * events],
    [FAILED_EVENTS, 5 * failed],
    ...windowsOf(objective.periodDays).map((window) => [ratioName(window), ratio] as const),
    ["slo:current_burn_rate:ratio", rate],
    ["slo:period_burn_rate:ratio", rate],
    ["slo:period_error_budget_remaining:ratio", 1 - rate],
  ];
  // Rounded as PromQL does: sums of binary fractions are not exact.
  return values.map(([name, value]) =>
    check(`round(max(${recorded(name, objective)}), 0.0001)`, scenario.minutes, [
      [{}, Math.floor(value * 10_000 + 0.5) / 10_000],
    ]),
  );
}

function alertsCheck(
  objective: Objective,
  { minutes, firing, severity, isOver, series: [first] }: SloScenario,
  options: OpsOptions,
): ExpressionTest {
  const alerts = firingAlerts(objective, severity);
  if (firing.length === 0)
    return check(isOver === true ? alerts : `count_over_time(${alerts}[30d])`, minutes, []);
  const job = first?.labels["job"];
  const routed = { service: job ?? objective.service, team: teamOfJob(options, job) };
  const expected = alertRules(objective)
    .filter(({ alert, labels }) => firing.includes(alert) && isOf(labels, severity))
    .map(({ alert, labels }) => ({ alertname: alert, ...routed, ...labels }));
  const labels = [...new Set(expected.flatMap((pairs) => Object.keys(pairs)))];
  return check(
    `group by (${labels.join(", ")}) (${alerts})`,
    minutes,
    expected.map((pairs) => [pairs, 1]),
  );
}

function firingAlerts(objective: Objective, severity: string | undefined): string {
  const own = severity === undefined ? "" : `,sloth_severity="${severity}"`;
  return `ALERTS{alertstate="firing",sloth_id=${JSON.stringify(idOf(objective))}${own}}`;
}

/** From recorded events of one objective, the others have no series, and no alert. */
function othersCheck(
  objective: Objective,
  { minutes, severity }: SloScenario,
  objectives: readonly Objective[],
): ExpressionTest[] {
  // Queries of a file may have a value without any series.
  const others = objectives.filter((other) => other !== objective && isOfMetrics(other.indicator));
  if (severity === undefined || others.length === 0) return [];
  const ids = JSON.stringify(others.map((other) => escapeRegex(idOf(other))).join("|"));
  const name = "slo:(?:sli_error|current_burn_rate|period_burn_rate|period_error_budget).*|ALERTS";
  return [check(`{__name__=~"${name}",sloth_id=~${ids}}`, minutes, [])];
}

function isOf(labels: Pairs, severity: string | undefined): boolean {
  return severity === undefined || labels["sloth_severity"] === severity;
}

function seriesOf(name: string, labels: Pairs): string {
  const matchers = Object.entries(labels).map(([label, text]) => [label, "=", text] as const);
  return selector(name, matchers);
}
