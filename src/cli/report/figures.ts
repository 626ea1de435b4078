import { type Matcher, selector } from "../../ops/prometheus/promql.ts";
import { type Period, secondsOf } from "./period.ts";
import type { Labels, PrometheusApi, Series } from "../prometheus/prometheus-api.ts";

/** The increase of counters in a period. */
export interface Increase {
  readonly labels: Labels;
  readonly value: number;
}

const HOUR_SECONDS = 3600;
const DAY_SECONDS = 86_400;

/**
 * Returns how much counters have grown in a period, by labels. Prometheus adds up parts of
 * the period, so that a week of many series stays below its limit of samples.
 *
 * @returns no entry for labels without any series: nothing is known of them.
 */
export async function increasesOf(
  api: PrometheusApi,
  counter: { readonly name: string; readonly matchers: readonly Matcher[] },
  by: readonly string[],
  period: Period,
): Promise<Increase[]> {
  const step = stepOf(period, DAY_SECONDS);
  const series = await api.range(increaseQuery(counter, by, step), afterStart(period, step), step);
  return series
    .filter(({ points }) => points.length > 0)
    .map(({ labels, points }) => ({
      labels,
      value: points.reduce((sum, { value }) => sum + value, 0),
    }));
}

/** Returns the increase of counters in each hour, or half hour where the period needs that. */
export async function hourlyIncreases(
  api: PrometheusApi,
  counter: { readonly name: string; readonly matchers: readonly Matcher[] },
  by: readonly string[],
  period: Period,
): Promise<Series[]> {
  const step = stepOf(period, HOUR_SECONDS);
  return api.range(increaseQuery(counter, by, step), afterStart(period, step), step);
}

/** Returns the sum of the increases; undefined if there is none. */
export function totalOf(increases: readonly Increase[]): number | undefined {
  if (increases.length === 0) return undefined;
  return increases.reduce((sum, { value }) => sum + value, 0);
}

/** Returns the longest step that divides the period, in seconds: a week with a change of clocks has no whole days. */
export function stepOf(period: Period, longest: number): number {
  const seconds = secondsOf(period);
  const steps = [DAY_SECONDS, HOUR_SECONDS, HOUR_SECONDS / 2].filter(
    (step) => step <= longest && step < seconds,
  );
  return steps.find((step) => seconds % step === 0) ?? 60;
}

/** Each value is that of the step before it. */
export function afterStart({ start, end }: Period, stepSeconds: number): Period {
  return { start: new Date(start.getTime() + stepSeconds * 1000), end };
}

function increaseQuery(
  { name, matchers }: { readonly name: string; readonly matchers: readonly Matcher[] },
  by: readonly string[],
  step: number,
): string {
  return `sum by (${by.join(", ")}) (increase(${selector(name, matchers)}[${step}s]))`;
}
