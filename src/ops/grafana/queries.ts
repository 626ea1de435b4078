import type { Matcher } from "../prometheus/promql.ts";
import { percentileBy, type RateContext, ratio } from "../prometheus/rate-queries.ts";
import type { Query } from "./dashboard.ts";
import { selected } from "./selection.ts";

/** Returns a query of Prometheus, with the name of its lines. */
export function line(expr: string, legend: string): Query {
  return { source: "prometheus", expr, legend };
}

/** Returns a query whose points link to example traces: one of a histogram. */
export function lineWithTraces(expr: string, legend: string): Query {
  return { ...line(expr, legend), hasExemplars: true };
}

/**
 * Returns a percentile of a histogram. Without events there is none: Prometheus would answer
 * NaN, which the comparison leaves out.
 */
export function percentile(
  percentile: number,
  labels: readonly string[],
  metric: string,
  context: RateContext,
  ...matchers: readonly Matcher[]
): string {
  return `${percentileBy(percentile, labels, metric, context, ...matchers)} >= 0`;
}

/** Returns a part of all events. Without events there is none, as above. */
export function partOf(part: string, all: string): string {
  return `${ratio(part, all)} >= 0`;
}

/** Returns the median, p95 and p99 of a histogram, with example traces. */
export function percentiles(
  labels: readonly string[],
  metric: string,
  legend: string,
): readonly [Query, ...Query[]] {
  const at = (value: number, name: string): Query =>
    line(percentile(value, labels, metric, selected), `${legend} ${name}`);
  return [at(0.5, "p50"), { ...at(0.95, "p95"), hasExemplars: true }, at(0.99, "p99")];
}
