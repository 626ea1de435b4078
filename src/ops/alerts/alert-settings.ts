import type { Matcher } from "../prometheus/promql.ts";

/** How urgent an alert is: `critical` wakes people, `warning` is for working hours, `info` for a channel. */
export type Severity = "critical" | "warning" | "info";

/** The numbers of an alert that `telltale.ops.yaml` can change. */
export interface AlertSettings {
  readonly severity: Severity;
  readonly threshold: number;
  /** The window of rates, in Prometheus' notation: `5m`. */
  readonly window: string;
  /** How long the condition has to hold, in Prometheus' notation. `0s`: one evaluation. */
  readonly for: string;
  /** How long it goes on to fire when the condition has ended, in the same notation. */
  readonly keepFiringFor: string;
  /** Fewer events than this in the window never fire. 0: no minimum. */
  readonly minimum: number;
}

/** What PromQL and texts of an alert are made of. */
export interface AlertContext extends AlertSettings {
  /** Selects the series of a metric, of the services of the options. */
  readonly series: (metric: string, ...matchers: readonly Matcher[]) => string;
}
