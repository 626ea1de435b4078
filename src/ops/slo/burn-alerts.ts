/** A window in PromQL's notation. */
export type Window = "5m" | "30m" | "1h" | "2h" | "6h" | "1d" | "3d" | "30d";

/** The windows with a recorded ratio; the last one is the period of the objective. */
export const WINDOWS: readonly Window[] = ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"];

/** The period of all objectives, in days. */
export const PERIOD_DAYS = 30;

/** Two windows in which the budget is spent too fast. */
export interface BurnCondition {
  /** How many times as fast as would use the budget up exactly at the end of the period. */
  readonly factor: number;
  /** Decides: long enough to be significant. */
  readonly long: Window;
  /** Must agree: ends the alert soon after the failures end. */
  readonly short: Window;
  /** What the long window spends of the budget at this rate, in percent. */
  readonly budgetPercent: number;
}

export interface BurnAlert {
  readonly severity: "page" | "ticket";
  readonly name: string;
  readonly conditions: readonly BurnCondition[];
}

/** The windows and factors of the Google SRE workbook, chapter 5, for 30 days. */
export const burnAlerts: readonly BurnAlert[] = [
  {
    severity: "page",
    name: "SLOBurnsFast",
    conditions: [
      { factor: 14.4, long: "1h", short: "5m", budgetPercent: 2 },
      { factor: 6, long: "6h", short: "30m", budgetPercent: 5 },
    ],
  },
  {
    severity: "ticket",
    name: "SLOBurnsSlowly",
    conditions: [
      { factor: 3, long: "1d", short: "2h", budgetPercent: 10 },
      { factor: 1, long: "3d", short: "6h", budgetPercent: 10 },
    ],
  },
];
