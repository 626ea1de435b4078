import { type BurnCondition, burnAlerts } from "../burn-alerts.ts";
import { minEventsOf, minFailuresOf } from "../minimum.ts";
import { budgetOf, type Objective } from "../objective.ts";
import { recordedSeries } from "./input-series.ts";
import { plain, type Phase } from "./phase.ts";
import { STEP_MINUTES } from "./rate-scenarios.ts";
import { eventsPerMinute, type SloScenario } from "./scenarios.ts";

/**
 * Returns scenarios that distinguish the parts of the conditions of alerts: the long window,
 * the short one, and the minimum of events. In each of them the other condition of the alert
 * is not met. Empty for a job, for alerts of a file, and for a ratio, whose windows are tested
 * by themselves.
 */
export function conditionScenarios(objective: Objective): readonly SloScenario[] {
  const { indicator, windowAlerts, alerts } = objective;
  if (indicator.kind === "job" || indicator.kind === "ratio" || windowAlerts !== undefined)
    return [];
  return burnAlerts(objective.periodDays).flatMap(({ severity, name, conditions }) => {
    const changes = alerts?.[severity];
    if (changes?.isDisabled === true) return [];
    const alert = { severity, name: changes?.name ?? name };
    return conditions.flatMap((condition) => scenariosOfCondition(objective, condition, alert));
  });
}

interface Alert {
  readonly severity: string;
  readonly name: string;
}

/** Hours with events, at a part of the rate of the condition. */
type Stretch = readonly [hours: number, rate: number, times?: number];

/** Hours with so many more events keep the ratio of a longer window low. */
const BUSY = 100;

/** The long window is at about 70% of its rate, and the short one above its own. */
const SHORT_ONLY: Readonly<Record<string, readonly Stretch[]>> = {
  "1h": [
    [6, 0],
    [2 / 3, 1.05],
  ],
  "6h": [
    [12, 0],
    [4, 1.05],
  ],
  "1d": [
    [4, 0, BUSY],
    [9, 0],
    [16, 1.05],
  ],
  "3d": [
    [3, 0],
    [6.5, 1.05],
  ],
};

/** The short window is at 70% of its rate, and the long one above its own. */
const LONG_ONLY: Readonly<Record<string, readonly Stretch[]>> = {
  "1h": [
    [6, 0],
    [2 / 3, 2],
    [1 / 6, 0.7],
  ],
  "6h": [
    [12, 0],
    [4, 2],
    [5 / 6, 0.7],
  ],
  "1d": [
    [4, 0, BUSY],
    [8, 0],
    [14, 2],
    [2.5, 0.7],
  ],
  "3d": [
    [6, 2],
    [6.5, 0.7],
  ],
};

/** Both windows are above their rates, which the other condition is not. */
const BOTH: Readonly<Record<string, readonly Stretch[]>> = {
  "1d": [
    [4, 0, BUSY],
    [24.5, 1.02],
  ],
};

/** Hours before and after the fewest events that fire an alert. Undefined: without events before. */
const AROUND_FEW: Readonly<Record<string, readonly [busy: number, none: number, after: number]>> = {
  "1h": [1, 7 / 6, 0],
  "6h": [0, 0, 1 / 3],
  "1d": [1, 24.5, 0],
  "3d": [0, 0, 2.5],
};

function scenariosOfCondition(
  objective: Objective,
  condition: BurnCondition,
  { severity, name }: Alert,
): readonly SloScenario[] {
  const { factor, long, short } = condition;
  const scenario = (
    title: string,
    phases: readonly Phase[],
    firing: readonly string[],
  ): SloScenario => ({
    ...{ title: `${title}, of ${long} and ${short}`, severity, firing, isOver: true },
    minutes: (phases.reduce((sum, { minutes }) => sum + minutes, 0) - 1) * STEP_MINUTES,
    series: recordedSeries(objective, phases),
  });
  const stretched = (
    title: string,
    stretches: readonly Stretch[] | undefined,
    firing: readonly string[],
  ): readonly SloScenario[] =>
    stretches === undefined || !isPossible(objective, factor, stretches)
      ? []
      : [
          scenario(
            title,
            stretches.map((stretch) => phaseOf(objective, factor, stretch)),
            firing,
          ),
        ];
  const few = fewEvents(objective, condition);
  const rate = plain(factor);
  return [
    ...stretched(`${rate} times the rate, but only in the short window`, SHORT_ONLY[long], []),
    ...stretched(`${rate} times the rate, but only in the long window`, LONG_ONLY[long], []),
    ...stretched(`${rate} times the rate`, BOTH[long], [name]),
    ...(few === undefined ? [] : [scenario("the fewest events and failures", few, [name])]),
  ];
}

/** Not more than all events fail. */
function isPossible(objective: Objective, factor: number, stretches: readonly Stretch[]): boolean {
  return stretches.every(([, rate]) => rate * factor * budgetOf(objective) <= 1);
}

/** The phases have steps in place of minutes. */
function phaseOf(objective: Objective, factor: number, [hours, rate, times = 1]: Stretch): Phase {
  const events = eventsPerMinute(objective);
  return {
    minutes: Math.round((hours * 60) / STEP_MINUTES),
    events: events * times,
    failed: events * times * budgetOf(objective) * factor * rate,
  };
}

/** Returns a sample with the minimum of events, and enough failures; undefined if the rate needs more. */
function fewEvents(objective: Objective, { factor, long }: BurnCondition): Phase[] | undefined {
  const events = minEventsOf(objective);
  const threshold = factor * budgetOf(objective);
  const failed = Math.max(minFailuresOf(objective), Math.ceil(1.05 * threshold * events));
  const around = AROUND_FEW[long];
  if (failed > events || around === undefined) return undefined;
  const [busy, none, after] = around.map((hours) => Math.round((hours * 60) / STEP_MINUTES));
  const phases: readonly Phase[] = [
    { minutes: busy ?? 0, events: eventsPerMinute(objective) * BUSY, failed: 0 },
    { minutes: none ?? 0, events: 0, failed: 0 },
    { minutes: 1, events, failed },
    { minutes: after ?? 0, events: 0, failed: 0 },
  ];
  return phases.filter(({ minutes }) => minutes > 0);
}
