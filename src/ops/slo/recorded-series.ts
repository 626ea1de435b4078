import type { Pairs } from "../prometheus/rule-file.ts";
import type { Window } from "./burn-alerts.ts";
import { idOf, type Objective } from "./objective.ts";

/** The recorded numbers of events of 5 minutes, all and failed. */
export const EVENTS = "slo:events:increase5m";
export const FAILED_EVENTS = "slo:error_events:increase5m";

/** Returns the name of the recorded ratio of a window. */
export function ratioName(window: Window): string {
  return `slo:sli_error:ratio_rate${window}`;
}

/** Selects the recorded series of an objective. */
export function recorded(name: string, objective: Objective): string {
  return `${name}{sloth_id=${JSON.stringify(idOf(objective))}}`;
}

/** Returns the labels of the rules of an objective. */
export function labelsOf(objective: Objective): Pairs {
  return {
    sloth_id: idOf(objective),
    sloth_service: objective.service,
    sloth_slo: objective.name,
    ...objective.labels,
  };
}
