import type { DataPoint, MetricData } from "@opentelemetry/sdk-metrics";

/*
 * The data of summaries. OTLP and Prometheus have them, but neither the API nor the SDK,
 * whose data types end with 3.
 */

/** The type of the data points of a summary. */
export const SUMMARY = 4;

/** Count and sum since the start, and quantiles of the last minutes. */
export interface SummaryValue {
  readonly count: number;
  readonly sum: number;
  /** None if the last minutes had no values. */
  readonly quantiles: readonly { readonly quantile: number; readonly value: number }[];
}

export type SummaryPoint = DataPoint<SummaryValue>;

/** Checks whether the points of a metric are of type `SummaryPoint`. */
export function isSummary(metric: MetricData): boolean {
  return (metric.dataPointType as number) === SUMMARY;
}

/** Returns the points of a metric that is a summary. */
export function summaryPointsOf(metric: MetricData): readonly SummaryPoint[] {
  return metric.dataPoints as unknown as readonly SummaryPoint[];
}
