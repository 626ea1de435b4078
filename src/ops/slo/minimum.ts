import type { Objective } from "./objective.ts";
import { EVENTS, FAILED_EVENTS, recorded } from "./recorded-series.ts";

/** `increase` over 5 minutes, evaluated each minute, counts every event five times. */
const COUNTED_TIMES = 5;

/** Fewer failures never fire an alert, however few requests there are. */
const MIN_FAILURES = 3;

/** Returns the conditions of a minimum of events in a window, empty if their number is not known. */
export function minimumConditions(objective: Objective, window: string): readonly string[] {
  if (objective.indicator.kind === "ratio") return [];
  const count = (name: string): string =>
    `sum_over_time(${recorded(name, objective)}[${window}]) / ${COUNTED_TIMES}`;
  // Half an event less, since extrapolated numbers are not whole.
  return [
    `and ${count(EVENTS)} > ${minEventsOf(objective) - 0.5}`,
    `and ${count(FAILED_EVENTS)} > ${minFailuresOf(objective) - 0.5}`,
  ];
}

/** Returns the reason of the minimum, for the comment of an alert. */
export function minimumComment(objective: Objective): string[] {
  if (objective.indicator.kind === "ratio")
    return ["Without a minimum of events, whose number is not known."];
  return [
    `Fewer than ${minEventsOf(objective)} events or ${minFailuresOf(objective)} failures in the long window never fire: one failed`,
    "request of three is 33%, and no reason to wake anyone. The sums have each event five times.",
  ];
}

/** Returns the minimum of failures. A service for which fewer events are enough has decided that each failure matters. */
export function minFailuresOf(objective: Objective): number {
  return Math.min(MIN_FAILURES, minEventsOf(objective));
}

/** An hour has no more than 60 minutes, whatever the minimum of requests is. */
const MAX_MIN_MINUTES = 20;

/** Returns the minimum of events, which are minutes for objectives that are measured in time. */
export function minEventsOf({ indicator, minEvents }: Objective): number {
  const isInMinutes = ["job", "queue", "threshold"].includes(indicator.kind);
  return isInMinutes ? Math.min(minEvents, MAX_MIN_MINUTES) : minEvents;
}
