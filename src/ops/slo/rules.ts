import type { AlertingRule, Pairs, RecordingRule, RuleGroup } from "../prometheus/rule-file.ts";
import {
  type BurnAlert,
  burnAlerts,
  type BurnCondition,
  PERIOD_DAYS,
  type Window,
  WINDOWS,
} from "./burn-alerts.ts";
import { eventQueries, groupLabels } from "./event-queries.ts";
import { budgetOf, idOf, nameOf, type Objective, serviceOf, tidy } from "./objective.ts";

/** All groups have it: the number of events in a window is the sum of the numbers of each minute. */
const INTERVAL = "1m";

/** `increase` over 5 minutes, evaluated each minute, counts every event five times. */
const COUNTED_TIMES = 5;

/** Fewer failures never fire an alert, however few requests there are. */
const MIN_FAILURES = 3;

const EVENTS = "slo:events:increase5m";
const FAILED_EVENTS = "slo:error_events:increase5m";
const BUDGET = "slo:error_budget:ratio";
const PERIOD_BURN_RATE = "slo:period_burn_rate:ratio";

/**
 * Returns the groups of rules of an objective, with Sloth's names and labels, so that its
 * dashboards work: recorded ratios, metadata, and alerts.
 */
export function sloRuleGroups(objective: Objective): readonly RuleGroup[] {
  const id = idOf(objective);
  const group = { interval: INTERVAL, comment: [] };
  return [
    {
      ...group,
      name: `sloth-slo-sli-recordings-${id}`,
      comment: [
        `${serviceOf(objective)}, ${nameOf(objective)}: ${objective.percent}% of the requests of ${PERIOD_DAYS} days are good.`,
        `The ratio of failed events by window. The interval has to stay ${INTERVAL}: the numbers of`,
        "events in the alerts are sums of the numbers of each minute.",
      ],
      rules: [...eventRules(objective), ...WINDOWS.map((window) => ratioRule(objective, window))],
    },
    { ...group, name: `sloth-slo-meta-recordings-${id}`, rules: metadataRules(objective) },
    { ...group, name: `sloth-slo-alerts-${id}`, rules: alertRules(objective) },
  ];
}

function labelsOf(objective: Objective): Pairs {
  return {
    sloth_id: idOf(objective),
    sloth_service: serviceOf(objective),
    sloth_slo: nameOf(objective),
  };
}

/** Selects the recorded series of an objective. */
function recorded(name: string, objective: Objective): string {
  return `${name}{sloth_id=${JSON.stringify(idOf(objective))}}`;
}

function eventRules(objective: Objective): RecordingRule[] {
  const { events, failedEvents } = eventQueries(objective);
  const labels = labelsOf(objective);
  return [
    { ...events, record: EVENTS, labels },
    { ...failedEvents, record: FAILED_EVENTS, labels },
  ];
}

function ratioName(window: Window): string {
  return `slo:sli_error:ratio_rate${window}`;
}

function ratioRule(objective: Objective, window: Window): RecordingRule {
  const [failed, all] = [FAILED_EVENTS, EVENTS].map((name) => recorded(name, objective));
  const over = (series = ""): string =>
    window === "5m" ? series : `sum_over_time(${series}[${window}])`;
  return {
    record: ratioName(window),
    expr: `${over(failed)}\n/\n(${over(all)} > 0)`,
    labels: { ...labelsOf(objective), sloth_window: window },
    comment: ratioComment(window),
  };
}

/** Names what the window is for. */
function ratioComment(window: Window): string[] {
  const roles = burnAlerts.flatMap(({ name, conditions }) =>
    conditions.flatMap(({ factor, long, short }) => [
      ...(long === window ? [`the long window of ${factor}x in ${name}`] : []),
      ...(short === window ? [`the short window of ${factor}x in ${name}`] : []),
    ]),
  );
  const use = roles.length > 0 ? roles.join(", ") : "the period of the objective";
  const source =
    window === "5m"
      ? "No series without traffic: nothing is known then."
      : "Sums, so that each request has the same weight, and days are cheap to read.";
  return [`${window}: ${use}.`, source];
}

function metadataRules(objective: Objective): RecordingRule[] {
  const labels = labelsOf(objective);
  const constants: readonly (readonly [record: string, value: number, comment: string])[] = [
    [
      "slo:objective:ratio",
      tidy(objective.percent / 100),
      "The part of the requests that has to be good.",
    ],
    [BUDGET, budgetOf(objective), "The part that may fail."],
    ["slo:time_period:days", PERIOD_DAYS, "The length of the period."],
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
      expr: perBudget("30d"),
      labels,
      comment: [`The part of the error budget that was used in the last ${PERIOD_DAYS} days.`],
    },
    {
      record: "slo:period_error_budget_remaining:ratio",
      expr: `1 - ${recorded(PERIOD_BURN_RATE, objective)}`,
      labels,
      comment: ["The error budget left: 1 is all of it, below 0 the objective is missed."],
    },
  ];
}

function alertRules(objective: Objective): AlertingRule[] {
  const burns = burnAlerts.flatMap((alert) => burnRule(objective, alert) ?? []);
  return objective.indicator.kind === "latency" ? [...burns, bucketRule(objective)] : burns;
}

/** Returns undefined if no rate of failures can reach the alert's. */
function burnRule(objective: Objective, alert: BurnAlert): AlertingRule | undefined {
  const reachable = alert.conditions.filter(({ factor }) => factor * budgetOf(objective) <= 1);
  if (reachable.length === 0) return undefined;
  const { minEvents } = objective;
  return {
    alert: alert.name,
    comment: [
      ...reachable.map(
        ({ factor, long, short, budgetPercent }) =>
          `${factor}x the budget's rate over ${long}, which uses ${budgetPercent}% of it up, and over ${short}, so that it ends soon.`,
      ),
      `Fewer than ${minEvents} events or ${minFailures(objective)} failures in the long window never fire: one failed`,
      "request of three is 33%, and no reason to wake anyone. The sums have each event five times.",
    ],
    expr: reachable.map((condition) => burnExpr(objective, condition)).join("\nor\n"),
    labels: { severity: alert.severity, sloth_severity: alert.severity, ...labelsOf(objective) },
    annotations: burnAnnotations(objective, alert),
  };
}

function burnExpr(objective: Objective, { factor, long, short }: BurnCondition): string {
  const threshold = tidy(factor * budgetOf(objective));
  const ratio = (window: Window): string =>
    `max without (sloth_window) (${recorded(ratioName(window), objective)}) >= ${threshold}`;
  const count = (name: string): string =>
    `sum_over_time(${recorded(name, objective)}[${long}]) / ${COUNTED_TIMES}`;
  return [
    "(",
    `  ${ratio(long)}`,
    `  and ${ratio(short)}`,
    // Half an event less, since extrapolated numbers are not whole.
    `  and ${count(EVENTS)} > ${objective.minEvents - 0.5}`,
    `  and ${count(FAILED_EVENTS)} > ${minFailures(objective) - 0.5}`,
    ")",
  ].join("\n");
}

/** A service for which fewer events are enough has decided that each failure matters. */
function minFailures({ minEvents }: Objective): number {
  return Math.min(MIN_FAILURES, minEvents);
}

function burnAnnotations(objective: Objective, { severity }: BurnAlert): Pairs {
  const { indicator, percent } = objective;
  const what =
    indicator.kind === "availability"
      ? "failed with a status of 5xx"
      : `took more than ${indicator.thresholdSeconds} s`;
  const speed = severity === "page" ? "within days" : "by the end of the period";
  return {
    summary: `{{ $value | humanizePercentage }} of the requests of ${subject(objective)} ${what}`,
    description: `The objective is ${percent}% in ${PERIOD_DAYS} days. At this rate its error budget is used up ${speed}.`,
    action:
      severity === "page"
        ? "Look at the errors and slow traces of the last hour, and at what was deployed; roll back if in doubt"
        : "Find the cause within days: the error budget left is slo:period_error_budget_remaining:ratio",
  };
}

function subject({ selection }: Objective): string {
  return groupLabels(selection)
    .map((label) => `{{ $labels.${label} }}`)
    .join(" ");
}

function bucketRule(objective: Objective): AlertingRule {
  const { indicator } = objective;
  const limit = indicator.kind === "latency" ? indicator.thresholdSeconds : 0;
  return {
    alert: "SLOBucketIsMissing",
    comment: [
      "Without the bucket of the threshold the objective would be silent for ever: the buckets",
      "were changed (TELLTALE_METRICS_BUCKETS), or come from somewhere else.",
    ],
    expr: `${recorded(EVENTS, objective)} > 0\nunless\n${recorded(FAILED_EVENTS, objective)}`,
    for: "15m",
    labels: { severity: "ticket", ...labelsOf(objective) },
    annotations: {
      summary: `${subject(objective)} has requests, and no bucket for ${limit} s`,
      action:
        "Give telltale slo a latency that is a bucket boundary of the service, or the service that boundary",
    },
  };
}
