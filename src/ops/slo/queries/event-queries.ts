import type { Indicator, Objective, WindowQuery } from "../objective.ts";
import { counterLabels, counterQueries } from "./counter-queries.ts";
import {
  JOB_LABELS,
  jobQueries,
  QUEUE_LABELS,
  queueQueries,
  thresholdQueries,
} from "./minute-queries.ts";
import type { EventQueries } from "./query.ts";
import { availabilityQueries, latencyQueries, requestLabels } from "./request-queries.ts";

/** Returns the queries of an objective. Undefined: the number of events is not known. */
export function eventQueries(objective: Objective): EventQueries | undefined {
  const { indicator } = objective;
  switch (indicator.kind) {
    case "availability":
      return availabilityQueries(indicator.selection);
    case "latency":
      return latencyQueries(indicator.selection, indicator.thresholdSeconds);
    case "counters":
      return counterQueries(indicator.selection);
    case "job":
      return jobQueries(objective, indicator);
    case "queue":
      return queueQueries(indicator);
    case "threshold":
      return thresholdQueries(indicator);
    case "events":
      return ownQueries(indicator.failed, indicator.total, indicator.perSecond ? " * 300" : "");
    case "ratio":
      return undefined;
  }
}

/** Returns the labels by which an objective has several budgets, empty if its query decides. */
export function budgetLabels(indicator: Indicator): readonly string[] {
  switch (indicator.kind) {
    case "availability":
    case "latency":
      return requestLabels(indicator.selection);
    case "counters":
      return counterLabels(indicator.selection);
    case "job":
      return JOB_LABELS;
    case "queue":
      return QUEUE_LABELS;
    default:
      return [];
  }
}

/** @param times makes numbers of events within 5 minutes of events per second. */
function ownQueries(failed: WindowQuery, total: WindowQuery, times: string): EventQueries {
  return {
    events: {
      expr: `(${total("5m")})${times}`,
      comment: ["All events within 5 minutes."],
    },
    failedEvents: {
      expr: [`(${failed("5m")})${times}`, "or", `0 * (${total("5m")})`].join("\n"),
      comment: [
        "Failed events within 5 minutes. Their series may not exist before the first failure, which",
        "is none, and not unknown: hence the zero, by the series of all events.",
      ],
    },
  };
}
