import { type BurnCondition, burnAlerts, windowsOf } from "../burn-alerts.ts";
import { budgetOf, type Objective } from "../objective.ts";
import { labelsOf, ratioName } from "../recorded-series.ts";
import { recordedSeries } from "./input-series.ts";
import { plain, type Phase } from "./phase.ts";
import { eventsPerMinute, type SloScenario } from "./scenarios.ts";

/** Time between the samples of these scenarios, in minutes: a day is long with one each minute. */
export const STEP_MINUTES = 10;

/**
 * Returns scenarios that distinguish the rates of the alerts, after a time without failures:
 * each rate fires its alert, and a lower one does not. Empty for a job, whose failures are
 * those of its recorded events, and for alerts of a file, which have one rate.
 */
export function rateScenarios(objective: Objective): readonly SloScenario[] {
  const { indicator, windowAlerts } = objective;
  if (indicator.kind === "job" || windowAlerts !== undefined) return [];
  return burnAlerts(objective.periodDays).flatMap(({ severity, name, conditions }) => {
    const changes = objective.alerts?.[severity];
    if (changes?.isDisabled === true) return [];
    return conditions
      .filter(({ factor }) => factor * budgetOf(objective) <= 1)
      .flatMap((condition) =>
        conditionScenarios(objective, condition, { severity, alert: changes?.name ?? name }),
      );
  });
}

interface RatedAlert {
  readonly severity: string;
  readonly alert: string;
}

function conditionScenarios(
  objective: Objective,
  condition: BurnCondition,
  { severity, alert }: RatedAlert,
): readonly SloScenario[] {
  const { factor, long } = condition;
  const scenario = (rate: number): SloScenario => ({
    ...replayed(objective, condition, rate),
    title: `${plain(rate)} times the rate, after a time without failures`,
    severity,
    firing: rate > factor ? [alert] : [],
  });
  const above = 1.02 * factor;
  // Of a ticket, both conditions spend the same budget: the higher rate fires by the lower one,
  // too, and 90% of that is silent without a history.
  const hasBelow = long !== "3d";
  const hasAbove = long !== "1d" && above * budgetOf(objective) <= 1;
  return [
    ...(hasBelow ? [scenario((BELOW[long] ?? 0) * factor)] : []),
    ...(hasAbove ? [scenario(above)] : []),
  ];
}

/** Parts of the rates at which an alert is silent. After 30 hours, 75% for 18 hours are 56% of a day. */
const BELOW: Readonly<Record<string, number>> = { "1h": 0.9, "6h": 0.9, "1d": 0.75 };

/**
 * Hours without failures, in which the other conditions of the alert have less than their
 * rates, and then with failures. The longest window is not filled: its ratio is that of the
 * time that is known.
 */
const HOURS: Readonly<Record<string, readonly [clean: number, burning: number]>> = {
  "1h": [6, 1],
  "6h": [12, 6],
  "1d": [30, 18],
  "3d": [0, 7],
};

/** The phases of a scenario have steps in place of minutes. */
const STEPS_PER_HOUR = 60 / STEP_MINUTES;

function replayed(
  objective: Objective,
  condition: BurnCondition,
  rate: number,
): Pick<SloScenario, "minutes" | "series"> {
  if (objective.indicator.kind === "ratio") return replayedRatio(objective, condition, rate);
  const [clean, burning] = (HOURS[condition.long] ?? [0, 0]).map((hours) => hours * STEPS_PER_HOUR);
  const events = eventsPerMinute(objective);
  const failed = events * budgetOf(objective) * rate;
  const phases: readonly Phase[] = [
    { minutes: clean ?? 0, events, failed: 0 },
    // Windows include both of their ends in Prometheus 2.
    { minutes: (burning ?? 0) + 2, events, failed },
  ].filter(({ minutes }) => minutes > 0);
  const total = phases.reduce((sum, { minutes }) => sum + minutes, 0) - 1;
  return { minutes: total * STEP_MINUTES, series: recordedSeries(objective, phases) };
}

/** The windows of a ratio come from its query, so that each may have a value of its own. */
function replayedRatio(
  objective: Objective,
  { long, short }: BurnCondition,
  rate: number,
): Pick<SloScenario, "minutes" | "series"> {
  const ratio = budgetOf(objective) * rate;
  const series = windowsOf(objective.periodDays)
    .slice(0, -1)
    .map((window) => ({
      metric: ratioName(window),
      labels: { ...labelsOf(objective), sloth_window: window },
      values: `${plain(window === long || window === short ? ratio : 0)}+0x3`,
    }));
  return { minutes: 3 * STEP_MINUTES, series };
}
