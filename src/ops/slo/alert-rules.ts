import type { AlertingRule, Pairs } from "../prometheus/rule-file.ts";
import {
  type BurnAlert,
  burnAlerts,
  type BurnCondition,
  PERIOD_DAYS,
  type Window,
} from "./burn-alerts.ts";
import { groupLabels } from "./event-queries.ts";
import {
  budgetOf,
  type Indicator,
  type Objective,
  type RequestSelection,
  tidy,
} from "./objective.ts";
import { EVENTS, FAILED_EVENTS, labelsOf, ratioName, recorded } from "./recorded-series.ts";

/** `increase` over 5 minutes, evaluated each minute, counts every event five times. */
const COUNTED_TIMES = 5;

/** Fewer failures never fire an alert, however few requests there are. */
const MIN_FAILURES = 3;

type Latency = Extract<Indicator, { readonly kind: "latency" }>;

/** Returns the alerts of an objective. */
export function alertRules(objective: Objective): AlertingRule[] {
  const burns = burnAlerts.flatMap((alert) => burnRule(objective, alert) ?? []);
  const { indicator } = objective;
  return indicator.kind === "latency" ? [...burns, bucketRule(objective, indicator)] : burns;
}

/** Returns undefined if no rate of failures can reach the alert's. */
function burnRule(objective: Objective, alert: BurnAlert): AlertingRule | undefined {
  const { severity } = alert;
  const changes = objective.alerts?.[severity];
  const reachable = alert.conditions.filter(({ factor }) => factor * budgetOf(objective) <= 1);
  if (reachable.length === 0 || changes?.isDisabled === true) return undefined;
  return {
    alert: changes?.name ?? alert.name,
    comment: [
      ...reachable.map(
        ({ factor, long, short, budgetPercent }) =>
          `${factor}x the budget's rate over ${long}, which uses ${budgetPercent}% of it up, and over ${short}, so that it ends soon.`,
      ),
      ...minimumComment(objective),
    ],
    expr: reachable.map((condition) => burnExpr(objective, condition)).join("\nor\n"),
    labels: { severity, sloth_severity: severity, ...labelsOf(objective), ...changes?.labels },
    annotations: { ...burnAnnotations(objective, alert), ...changes?.annotations },
  };
}

function minimumComment(objective: Objective): string[] {
  if (objective.indicator.kind === "ratio")
    return ["Without a minimum of events, whose number is not known."];
  return [
    `Fewer than ${objective.minEvents} events or ${minFailures(objective)} failures in the long window never fire: one failed`,
    "request of three is 33%, and no reason to wake anyone. The sums have each event five times.",
  ];
}

function burnExpr(objective: Objective, { factor, long, short }: BurnCondition): string {
  const threshold = tidy(factor * budgetOf(objective));
  const ratio = (window: Window): string =>
    `max without (sloth_window) (${recorded(ratioName(window), objective)}) >= ${threshold}`;
  const count = (name: string): string =>
    `sum_over_time(${recorded(name, objective)}[${long}]) / ${COUNTED_TIMES}`;
  // Half an event less, since extrapolated numbers are not whole.
  const minimum = [
    `  and ${count(EVENTS)} > ${objective.minEvents - 0.5}`,
    `  and ${count(FAILED_EVENTS)} > ${minFailures(objective) - 0.5}`,
  ];
  const { kind } = objective.indicator;
  const lines = [`  ${ratio(long)}`, `  and ${ratio(short)}`, ...(kind === "ratio" ? [] : minimum)];
  return ["(", ...lines, ")"].join("\n");
}

/** A service for which fewer events are enough has decided that each failure matters. */
function minFailures({ minEvents }: Objective): number {
  return Math.min(MIN_FAILURES, minEvents);
}

function burnAnnotations(objective: Objective, { severity }: BurnAlert): Pairs {
  const { percent } = objective;
  const speed = severity === "page" ? "within days" : "by the end of the period";
  return {
    summary: `{{ $value | humanizePercentage }} of the ${failures(objective)}`,
    description: `The objective is ${percent}% in ${PERIOD_DAYS} days. At this rate its error budget is used up ${speed}.`,
    action:
      severity === "page"
        ? "Look at the errors and slow traces of the last hour, and at what was deployed; roll back if in doubt"
        : "Find the cause within days: the error budget left is slo:period_error_budget_remaining:ratio",
  };
}

function failures({ indicator }: Objective): string {
  switch (indicator.kind) {
    case "availability":
      return `requests of ${subject(indicator.selection)} failed with a status of 5xx`;
    case "latency":
      return `requests of ${subject(indicator.selection)} took more than ${indicator.thresholdSeconds} s`;
    default:
      return "events of {{ $labels.sloth_service }} failed {{ $labels.sloth_slo }}";
  }
}

function subject(selection: RequestSelection): string {
  return groupLabels(selection)
    .map((label) => `{{ $labels.${label} }}`)
    .join(" ");
}

function bucketRule(objective: Objective, indicator: Latency): AlertingRule {
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
      summary: `${subject(indicator.selection)} has requests, and no bucket for ${indicator.thresholdSeconds} s`,
      action:
        "Give telltale slo a latency that is a bucket boundary of the service, or the service that boundary",
    },
  };
}
