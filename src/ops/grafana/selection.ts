import { type Matcher, selector } from "../prometheus/promql.ts";
import type { RateContext } from "../prometheus/rate-queries.ts";

/** The services and processes that are selected at the top of a dashboard. */
export const selectionMatchers: readonly Matcher[] = [
  ["job", "=~", "$job"],
  ["instance", "=~", "$instance"],
];

/**
 * Queries on what is selected. `$__rate_interval` is four times the longest interval between
 * samples (`timeInterval` of the data source), and at least the distance of two points.
 */
export const selected: RateContext = {
  window: "$__rate_interval",
  series: (metric, ...matchers) => selector(metric, [...selectionMatchers, ...matchers]),
};

/** The same over the whole time range, for tables. */
export const inRange: RateContext = { ...selected, window: "$__range" };

/**
 * Returns a value, and 0 where it does not exist although `known` does: a series may appear with
 * its first event only. Both have the same labels.
 */
export function zeroWhere(value: string, known: string): string {
  return `${value}\nor\n0 * ${known}`;
}

/** Returns the number of processes, by which a service is known to be up, whatever it reports. */
export const processes: string = `count by (job) (${selected.series("target_info")})`;

/** Returns the mean of a histogram. Without events there is none. */
export function meanBy(labels: readonly string[], metric: string, context: RateContext): string {
  const sumOf = (suffix: string): string =>
    `sum by (${labels.join(", ")}) (rate(${context.series(`${metric}_${suffix}`)}[${context.window}]))`;
  return `${sumOf("sum")}\n/\n(${sumOf("count")} > 0)`;
}
