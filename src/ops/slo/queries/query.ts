import { escapeRegex, type Matcher } from "../../prometheus/promql.ts";

/** PromQL of the number of events within 5 minutes, and of those that failed the objective. */
export interface EventQueries {
  readonly events: Query;
  readonly failedEvents: Query;
}

export interface Query {
  readonly expr: string;
  readonly comment: readonly string[];
}

/** Returns the matchers for a service: the Collector writes `namespace/name` if it has a namespace. */
export function serviceMatchers(service: string | undefined): readonly Matcher[] {
  return service === undefined ? [] : [["job", "=~", `(.*/)?${escapeRegex(service)}`]];
}
