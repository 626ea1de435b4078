import type { AlertingRule } from "../prometheus/rule-file.ts";
import { burnAnnotations, subject } from "./alert-texts.ts";
import { type BurnAlert, burnAlerts, type BurnCondition, type Window } from "./burn-alerts.ts";
import { budgetOf, type Indicator, type Objective, tidy } from "./objective.ts";
import { EVENTS, FAILED_EVENTS, labelsOf, ratioName, recorded } from "./recorded-series.ts";
import { minimumComment, minimumConditions } from "./minimum.ts";
import { windowAlertRule } from "./window-alert-rule.ts";

type Latency = Extract<Indicator, { readonly kind: "latency" }>;

/** Returns the alerts of an objective. */
export function alertRules(objective: Objective): AlertingRule[] {
  const { indicator, periodDays, windowAlerts } = objective;
  const burns =
    windowAlerts?.map((alert) => windowAlertRule(objective, alert)) ??
    burnAlerts(periodDays).flatMap((alert) => burnRule(objective, alert) ?? []);
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

function burnExpr(objective: Objective, { factor, long, short }: BurnCondition): string {
  const threshold = tidy(factor * budgetOf(objective));
  const ratio = (window: Window): string =>
    `max without (sloth_window) (${recorded(ratioName(window), objective)}) >= ${threshold}`;
  const lines = [ratio(long), `and ${ratio(short)}`, ...minimumConditions(objective, long)];
  return ["(", ...lines.map((line) => `  ${line}`), ")"].join("\n");
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
      summary: `${subject(indicator)} has requests, and no bucket for ${indicator.thresholdSeconds} s`,
      action:
        "Give telltale slo a latency that is a bucket boundary of the service, or the service that boundary",
    },
  };
}
