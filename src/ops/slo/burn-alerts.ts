import { type PeriodDays, tidy } from "./objective.ts";

/** The windows of the alerts. */
const ALERT_WINDOWS = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"] as const;

type AlertWindow = (typeof ALERT_WINDOWS)[number];

/** A window in PromQL's notation: of an alert, or the period of an objective. */
export type Window = AlertWindow | "4w" | "30d";

/** Returns the windows with a recorded ratio; the last one is the period of the objective. */
export function windowsOf(periodDays: PeriodDays): readonly Window[] {
  return [...ALERT_WINDOWS, periodWindow(periodDays)];
}

/** Returns the window of a period, as Prometheus writes durations: 28 days are `4w`. */
export function periodWindow(periodDays: PeriodDays): Window {
  return periodDays === 28 ? "4w" : "30d";
}

/** Two windows in which the budget is spent too fast. */
export interface BurnCondition {
  /** How many times as fast as would use the budget up exactly at the end of the period. */
  readonly factor: number;
  /** Decides: long enough to be significant. */
  readonly long: AlertWindow;
  /** Must agree: ends the alert soon after the failures end. */
  readonly short: AlertWindow;
  /** What the long window spends of the budget at this rate, in percent. */
  readonly budgetPercent: number;
}

export interface BurnAlert {
  readonly severity: "page" | "ticket";
  readonly name: string;
  readonly conditions: readonly BurnCondition[];
}

interface AlertRow extends Omit<BurnAlert, "conditions"> {
  readonly conditions: readonly Omit<BurnCondition, "factor">[];
}

/** The windows and shares of the budget of the Google SRE workbook, chapter 5. */
const rows: readonly AlertRow[] = [
  {
    severity: "page",
    name: "SLOBurnsFast",
    conditions: [
      { long: "1h", short: "5m", budgetPercent: 2 },
      { long: "6h", short: "30m", budgetPercent: 5 },
    ],
  },
  {
    severity: "ticket",
    name: "SLOBurnsSlowly",
    conditions: [
      { long: "1d", short: "2h", budgetPercent: 10 },
      { long: "3d", short: "6h", budgetPercent: 10 },
    ],
  },
];

/** Returns the alerts of a period. The factors of 30 days are 14.4, 6, 3 and 1. */
export function burnAlerts(periodDays: PeriodDays): readonly BurnAlert[] {
  return rows.map((row) => ({
    ...row,
    conditions: row.conditions.map((condition) => ({
      ...condition,
      factor: tidy(((condition.budgetPercent / 100) * periodDays * 24) / hoursOf[condition.long]),
    })),
  }));
}

const hoursOf: Readonly<Record<AlertWindow, number>> = {
  ...{ "5m": 1 / 12, "30m": 1 / 2, "1h": 1, "2h": 2, "6h": 6, "1d": 24, "3d": 72 },
};
