import type { Pairs } from "../prometheus/rule-file.ts";
import { formatDuration } from "../prometheus/promql.ts";
import type { BurnAlert } from "./burn-alerts.ts";
import type { Indicator, Objective } from "./objective.ts";
import { budgetLabels } from "./queries/event-queries.ts";

/** Returns the annotations of an alert. */
export function burnAnnotations(objective: Objective, { severity }: BurnAlert): Pairs {
  const { percent, periodDays } = objective;
  const speed = severity === "page" ? "within days" : "by the end of the period";
  return {
    summary: failureSummary(objective),
    description: `The objective is ${percent}% in ${periodDays} days. At this rate its error budget is used up ${speed}.`,
    action:
      severity === "page"
        ? "Look at the errors and slow traces of the last hour, and at what was deployed; roll back if in doubt"
        : "Find the cause within days: the error budget left is slo:period_error_budget_remaining:ratio",
  };
}

/** Returns a sentence with the ratio of failures, for an alert whose value is that ratio. */
export function failureSummary({ indicator }: Objective): string {
  return `{{ $value | humanizePercentage }} of the ${failures(indicator)}`;
}

function failures(indicator: Indicator): string {
  switch (indicator.kind) {
    case "availability":
      return `requests of ${subject(indicator)} failed with a status of 5xx`;
    case "latency":
      return `requests of ${subject(indicator)} took more than ${indicator.thresholdSeconds} s`;
    case "counters":
      return `events of ${subject(indicator)} failed {{ $labels.sloth_slo }}`;
    case "job":
      return `time the last success of ${subject(indicator)} was older than ${formatDuration(indicator.maxAgeSeconds)}`;
    case "queue":
      return `time the oldest message of ${subject(indicator)} waited for more than ${indicator.maxAgeSeconds} s`;
    case "threshold":
      return `time {{ $labels.sloth_slo }} of {{ $labels.sloth_service }} was not ${indicator.comparison} ${indicator.value}`;
    default:
      return "events of {{ $labels.sloth_service }} failed {{ $labels.sloth_slo }}";
  }
}

/** Names what has the budget, by the labels of an alert. */
export function subject(indicator: Indicator): string {
  return budgetLabels(indicator)
    .map((label) => `{{ $labels.${label} }}`)
    .join(" ");
}
