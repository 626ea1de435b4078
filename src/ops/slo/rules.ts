import type { RecordingRule, RuleGroup } from "../prometheus/rule-file.ts";
import { alertRules } from "./alert-rules.ts";
import { burnAlerts, periodWindow, type Window, windowsOf } from "./burn-alerts.ts";
import { budgetOf, idOf, type Objective, tidy, type WindowQuery } from "./objective.ts";
import { eventQueries } from "./queries/event-queries.ts";
import { EVENTS, FAILED_EVENTS, labelsOf, ratioName, recorded } from "./recorded-series.ts";

/** All groups have it: the number of events in a window is the sum of the numbers of each minute. */
const INTERVAL = "1m";

const BUDGET = "slo:error_budget:ratio";
const PERIOD_BURN_RATE = "slo:period_burn_rate:ratio";

/**
 * Returns the groups of rules of an objective, with Sloth's names and labels, so that its
 * dashboards work: recorded ratios, metadata, and alerts.
 */
export function sloRuleGroups(objective: Objective): readonly RuleGroup[] {
  const id = idOf(objective);
  const { service, name, percent, periodDays } = objective;
  const windows = windowsOf(periodDays);
  const group = { interval: INTERVAL, comment: [] };
  const groups = [
    {
      ...group,
      name: `sloth-slo-sli-recordings-${id}`,
      comment: [
        `${service}, ${name}: ${percent}% of the events of ${periodDays} days are good.`,
        `The ratio of failed events by window. The interval has to stay ${INTERVAL}: the numbers of`,
        "events in the alerts are sums of the numbers of each minute.",
      ],
      rules: [...eventRules(objective), ...windows.map((window) => ratioRule(objective, window))],
    },
    { ...group, name: `sloth-slo-meta-recordings-${id}`, rules: metadataRules(objective) },
    { ...group, name: `sloth-slo-alerts-${id}`, rules: alertRules(objective) },
  ];
  return groups.filter(({ rules }) => rules.length > 0);
}

function eventRules(objective: Objective): RecordingRule[] {
  const queries = eventQueries(objective);
  if (queries === undefined) return [];
  const { events, failedEvents } = queries;
  const labels = labelsOf(objective);
  return [
    { ...events, record: EVENTS, labels },
    { ...failedEvents, record: FAILED_EVENTS, labels },
  ];
}

function ratioRule(objective: Objective, window: Window): RecordingRule {
  const { indicator } = objective;
  const isRatio = indicator.kind === "ratio";
  return {
    record: ratioName(window),
    expr: isRatio
      ? ratioExpr(objective, window, indicator.failedRatio)
      : eventsExpr(objective, window),
    labels: { ...labelsOf(objective), sloth_window: window },
    comment: [
      `${window}: ${useOf(window, objective)}.`,
      isRatio ? commentOfRatio(window, objective) : commentOfEvents(window),
    ],
  };
}

function eventsExpr(objective: Objective, window: Window): string {
  const over = (name: string): string => {
    const series = recorded(name, objective);
    return window === "5m" ? series : `sum_over_time(${series}[${window}])`;
  };
  return `${over(FAILED_EVENTS)}\n/\n(${over(EVENTS)} > 0)`;
}

function commentOfEvents(window: Window): string {
  return window === "5m"
    ? "No series without traffic: nothing is known then."
    : "Sums, so that each request has the same weight, and days are cheap to read.";
}

function ratioExpr(objective: Objective, window: Window, query: WindowQuery): string {
  return window === periodWindow(objective.periodDays)
    ? `avg_over_time(${recorded(ratioName("5m"), objective)}[${window}])`
    : `(${query(window)}) >= 0`;
}

function commentOfRatio(window: Window, { periodDays }: Objective): string {
  return window === periodWindow(periodDays)
    ? "Each 5 minutes have the same weight, since the number of events is not known."
    : "error_ratio_query, without NaN, which no traffic is.";
}

/** Names what the window is for. */
function useOf(window: Window, { periodDays, windowAlerts }: Objective): string {
  const alerts = windowAlerts === undefined ? burnAlerts(periodDays) : [];
  const uses = alerts.flatMap(({ name, conditions }) =>
    conditions.flatMap(({ factor, long, short }) => [
      ...(long === window ? [`the long window of ${factor}x in ${name}`] : []),
      ...(short === window ? [`the short window of ${factor}x in ${name}`] : []),
    ]),
  );
  if (uses.length > 0) return uses.join(", ");
  return window === periodWindow(periodDays) ? "the period of the objective" : "for dashboards";
}

function metadataRules(objective: Objective): RecordingRule[] {
  const labels = labelsOf(objective);
  const constants: readonly (readonly [record: string, value: number, comment: string])[] = [
    [
      "slo:objective:ratio",
      tidy(objective.percent / 100),
      "The part of the events that has to be good.",
    ],
    [BUDGET, budgetOf(objective), "The part that may fail."],
    ["slo:time_period:days", objective.periodDays, "The length of the period."],
  ];
  return [
    ...constants.map(([record, value, comment]) => ({
      ...{ record, expr: `vector(${value})`, labels },
      comment: [comment],
    })),
    ...budgetRules(objective),
    {
      record: "sloth_slo_info",
      expr: "vector(1)",
      labels: { ...labels, sloth_mode: "telltale", sloth_objective: `${objective.percent}` },
      comment: ["Metadata for dashboards."],
    },
  ];
}

function budgetRules(objective: Objective): RecordingRule[] {
  const labels = labelsOf(objective);
  const perBudget = (window: Window): string =>
    `${recorded(ratioName(window), objective)}\n/ on (sloth_id) group_left ()\n${recorded(BUDGET, objective)}`;
  return [
    {
      record: "slo:current_burn_rate:ratio",
      expr: perBudget("5m"),
      labels,
      comment: ["1 uses the budget up exactly at the end of the period."],
    },
    {
      record: PERIOD_BURN_RATE,
      expr: perBudget(periodWindow(objective.periodDays)),
      labels,
      comment: [
        `The part of the error budget that was used in the last ${objective.periodDays} days.`,
      ],
    },
    {
      record: "slo:period_error_budget_remaining:ratio",
      expr: `1 - ${recorded(PERIOD_BURN_RATE, objective)}`,
      labels,
      comment: ["The error budget left: 1 is all of it, below 0 the objective is missed."],
    },
  ];
}
