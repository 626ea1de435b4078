import type { Matcher } from "../../ops/prometheus/promql.ts";
import { type Increase, increasesOf } from "./figures.ts";
import type { ReportPeriods } from "./period.ts";
import type { PrometheusApi } from "../prometheus/prometheus-api.ts";
import type { Compared } from "./report.ts";

/** Something of the period, and of the one before. */
export type Both<Value> = Readonly<Record<keyof Compared<Value>, Value>>;

/** Queries how much counters have grown in both periods. @throws PrometheusError */
export async function bothIncreases(
  api: PrometheusApi,
  counter: { readonly name: string; readonly matchers: readonly Matcher[] },
  by: readonly string[],
  { period, before }: ReportPeriods,
): Promise<Both<Increase[]>> {
  const [now, then] = await Promise.all([
    increasesOf(api, counter, by, period),
    increasesOf(api, counter, by, before),
  ]);
  return { now, before: then };
}

/** Computes a figure of both periods. */
export function compare<In, Out>(
  both: Both<In>,
  figure: (value: In, when: "now" | "before") => Out | undefined,
): Compared<Out> {
  return { now: figure(both.now, "now"), before: figure(both.before, "before") };
}
