import type { Matcher } from "./promql.ts";

/** Selects series of a metric, and has the window of rates. */
export interface RateContext {
  readonly window: string;
  readonly series: (metric: string, ...matchers: readonly Matcher[]) => string;
}

/** Returns events per second, summed up by labels. */
export function rateBy(
  labels: readonly string[],
  metric: string,
  { window, series }: RateContext,
  ...matchers: readonly Matcher[]
): string {
  return `sum by (${labels.join(", ")}) (rate(${series(metric, ...matchers)}[${window}]))`;
}

/** Returns events within the window, summed up by labels. */
export function increaseBy(
  labels: readonly string[],
  metric: string,
  { window, series }: RateContext,
  ...matchers: readonly Matcher[]
): string {
  return `sum by (${labels.join(", ")}) (increase(${series(metric, ...matchers)}[${window}]))`;
}

/**
 * Returns events within the window, those before the first sample of a series included.
 * `increase` begins with the first sample, so the first error of its kind would be missed,
 * and ten of them within one scrape interval, too. A series is new if the process was
 * scraped before, or has just started; after a gap in the scrapes no series is.
 */
export function eventsBy(
  labels: readonly string[],
  metric: string,
  { window, series }: RateContext,
  ...matchers: readonly Matcher[]
): string {
  const all = series(metric, ...matchers);
  const uptime = series("process_uptime_seconds");
  return [
    `sum by (${labels.join(", ")}) (`,
    `    (${all} unless ${all} offset ${window})`,
    `      and on (job, instance) (${uptime} offset ${window} or ${uptime} < ${UPTIME_SECONDS})`,
    "  or",
    `    increase(${all}[${window}])`,
    ")",
  ].join("\n");
}

/** A process that was started within one of the windows. */
const UPTIME_SECONDS = 300;

/** Returns a percentile of a histogram. */
export function percentileBy(
  percentile: number,
  labels: readonly string[],
  metric: string,
  context: RateContext,
  ...matchers: readonly Matcher[]
): string {
  const buckets = rateBy([...labels, "le"], `${metric}_bucket`, context, ...matchers);
  return `histogram_quantile(${percentile}, ${buckets})`;
}

/** Returns a division in several lines. */
export function ratio(part: string, all: string): string {
  return `${part}\n/\n${all}`;
}
