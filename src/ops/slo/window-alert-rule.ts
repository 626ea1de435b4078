import type { AlertingRule } from "../prometheus/rule-file.ts";
import { failureSummary } from "./alert-texts.ts";
import { windowsOf } from "./burn-alerts.ts";
import { minimumComment, minimumConditions } from "./minimum.ts";
import { budgetOf, type Objective, tidy, type WindowAlert } from "./objective.ts";
import { EVENTS, FAILED_EVENTS, labelsOf, ratioName, recorded } from "./recorded-series.ts";

/** Returns the rule of an alert that a file of objectives defines. */
export function windowAlertRule(objective: Objective, alert: WindowAlert): AlertingRule {
  const { name, severity, factor, comparison, window } = alert;
  const threshold = tidy(factor * budgetOf(objective));
  return {
    alert: name,
    comment: [`${factor}x the budget's rate over ${window}.`, ...minimumComment(objective)],
    expr: [
      `${ratioOver(objective, window)} ${comparison} ${threshold}`,
      ...minimumConditions(objective, window),
    ].join("\n"),
    ...(alert.for !== undefined && { for: alert.for }),
    labels: { severity, ...labelsOf(objective), ...alert.labels },
    annotations: {
      summary: failureSummary(objective),
      description: `The objective is ${objective.percent}% in ${objective.periodDays} days. Its error budget is spent ${factor} times as fast, or faster.`,
    },
  };
}

/** The recorded ratio of a window, or one of the recorded events if the window has none. */
function ratioOver(objective: Objective, window: string): string {
  const known = windowsOf(objective.periodDays).find((candidate) => candidate === window);
  if (known !== undefined)
    return `max without (sloth_window) (${recorded(ratioName(known), objective)})`;
  if (objective.indicator.kind === "ratio")
    return `max without (sloth_window) (avg_over_time(${recorded(ratioName("5m"), objective)}[${window}]))`;
  const sum = (name: string): string => `sum_over_time(${recorded(name, objective)}[${window}])`;
  return `${sum(FAILED_EVENTS)} / (${sum(EVENTS)} > 0)`;
}
