import type { Series } from "../../alerts/scenario.ts";
import { burnAlerts } from "../burn-alerts.ts";
import { minEventsOf } from "../minimum.ts";
import { budgetOf, type Indicator, type Objective, tidy } from "../objective.ts";
import { metricSeries, processLabels, recordedSeries } from "./input-series.ts";
import { gaugeValues, type Phase, plain } from "./phase.ts";

/** Made series, and what is expected of the alerts of an objective. */
export interface SloScenario {
  readonly title: string;
  readonly minutes: number;
  readonly series: readonly Series[];
  /** Alerts that fire at the end. Empty: none fires at any time. */
  readonly firing: readonly string[];
  /** Only alerts of this severity are checked. Undefined: all. */
  readonly severity?: string;
  /** Whether alerts may have fired before the end. */
  readonly isOver?: boolean;
  /** A minute at which no alert fires yet. */
  readonly silentAt?: number;
  /** The events of each minute, whose recorded series are all checked at the end. */
  readonly complete?: Phase;
  /** A minute at which the ratio is 0. */
  readonly flawlessAt?: number;
  /** A minute at which there is no ratio. */
  readonly unknownAt?: number;
}

/** Returns the scenarios of an objective. */
export function scenariosOf(objective: Objective): readonly SloScenario[] {
  const empty = { title: "no series", minutes: 30, series: [], firing: [], unknownAt: 20 };
  const { indicator } = objective;
  if (indicator.kind === "job") return [...jobScenarios(objective, indicator), empty];
  const waiting = indicator.kind === "queue" ? queueScenarios(objective, indicator) : [];
  return [...burnScenarios(objective), ...waiting, empty];
}

/** Returns the events of made series in a minute: enough for the minimum, and for whole failures. */
export function eventsPerMinute(objective: Objective): number {
  return Math.max(objective.minEvents, Math.round(10 / budgetOf(objective)));
}

function burnScenarios(objective: Objective): readonly SloScenario[] {
  const events = eventsPerMinute(objective);
  const at = (factor: number, minutes: number, kind?: Phase["kind"]): Phase => ({
    ...{ minutes, events, failed: Math.min(events, events * budgetOf(objective) * factor) },
    ...(kind !== undefined && { kind }),
  });
  const slow = 0.9 * lowestFactor(objective);
  const calm = [at(slow, 60), at(slow, 30, "reset"), at(slow, 15, "gap"), at(slow, 30)];
  const { names, factor } = fastest(objective);
  return [
    ...(factor === undefined
      ? []
      : [
          {
            ...scenario(objective, {
              title: `${factor} times the rate of the budget`,
              // One percent more, since sums of binary fractions may be just below.
              phases: [at(factor * 1.01, 30 + longestFor(objective))],
              firing: names,
            }),
            complete: at(factor * 1.01, 1),
          },
        ]),
    ...flawless(objective, at(0, 20)),
    scenario(objective, {
      title: `${tidy(slow)} times the rate, a restart, and a gap in the scrapes`,
      phases: calm,
      firing: [],
    }),
    ...fewEvents(objective),
  ];
}

/**
 * Returns scenarios of requests without the series that count their failures, or with those
 * of a missing bucket.
 */
function flawless(objective: Objective, phase: Phase): readonly SloScenario[] {
  const { indicator } = objective;
  const [counted, ...others] = metricSeries(indicator, [phase]) ?? [];
  if (counted === undefined) return [];
  const minutes = phase.minutes - 1;
  if (indicator.kind === "availability")
    return [
      {
        ...{ title: "no failure yet, so that its series does not exist", minutes, firing: [] },
        ...{ series: [counted], flawlessAt: minutes },
      },
    ];
  if (indicator.kind !== "latency") return [];
  return [
    {
      ...{ title: "no bucket for the limit", minutes, firing: ["SLOBucketIsMissing"] },
      ...{ series: [counted, ...others.filter(({ labels }) => labels["le"] === "+Inf")] },
      silentAt: 12,
    },
  ];
}

/** No minimum of events is known of a ratio, and a smaller one is wanted where it is set. */
function fewEvents(objective: Objective): readonly SloScenario[] {
  const minEvents = minEventsOf(objective);
  if (objective.indicator.kind === "ratio" || minEvents <= 3) return [];
  const rest = Math.max(0, minEvents - 4);
  return [
    {
      ...scenario(objective, {
        title: "one failure of three, too few events that all fail, and no traffic",
        phases: [none(10), once(3, 1), none(15), once(rest, rest), none(45)],
        firing: [],
      }),
      unknownAt: 9,
    },
    scenario(objective, {
      title: "two failures of enough events",
      phases: [none(10), once(minEvents + 10, 2), none(60)],
      firing: [],
    }),
  ];
}

function none(minutes: number): Phase {
  return { minutes, events: 0, failed: 0 };
}

function once(events: number, failed: number): Phase {
  return { minutes: 1, events, failed };
}

interface PhasedScenario {
  readonly title: string;
  readonly phases: readonly Phase[];
  readonly firing: readonly string[];
}

function scenario(objective: Objective, { title, phases, firing }: PhasedScenario): SloScenario {
  const metrics = metricSeries(objective.indicator, phases);
  return {
    title: metrics === undefined ? `${title}, in the recorded series` : title,
    minutes: phases.reduce((sum, { minutes }) => sum + minutes, 0) - 1,
    series: metrics ?? recordedSeries(objective, phases),
    firing,
  };
}

interface FastestRate {
  /** Undefined: the objective has no alerts. */
  readonly factor: number | undefined;
  /** The alerts that fire at this rate. */
  readonly names: readonly string[];
}

/** Returns the highest rate that fires an alert, at which all others fire, too. */
function fastest(objective: Objective): FastestRate {
  const { windowAlerts, alerts, periodDays } = objective;
  if (windowAlerts !== undefined) {
    const names = new Set(windowAlerts.map(({ name }) => name));
    const factors = windowAlerts.map(({ factor }) => factor);
    return { factor: factors.length === 0 ? undefined : Math.max(...factors), names: [...names] };
  }
  const reachable = burnAlerts(periodDays).flatMap(({ severity, name, conditions }) => {
    if (alerts?.[severity].isDisabled === true) return [];
    return conditions
      .filter(({ factor }) => factor * budgetOf(objective) <= 1)
      .map(({ factor }) => ({ factor, name: alerts?.[severity].name ?? name }));
  });
  const factors = reachable.map(({ factor }) => factor);
  return {
    factor: factors.length === 0 ? undefined : Math.max(...factors),
    names: [...new Set(reachable.map(({ name }) => name))],
  };
}

function lowestFactor({ windowAlerts, periodDays }: Objective): number {
  const conditions = burnAlerts(periodDays).flatMap((alert) => alert.conditions);
  const factors = (windowAlerts ?? conditions).map(({ factor }) => factor);
  return factors.length === 0 ? 1 : Math.min(...factors);
}

const MINUTES_OF: Readonly<Record<string, number>> = { s: 1 / 60, m: 1, h: 60, d: 1440 };

/** How long an alert has to be true, in minutes. */
function longestFor({ windowAlerts = [] }: Objective): number {
  const minutes = windowAlerts.map((alert) => {
    const text = alert.for ?? "0m";
    return Math.ceil(Number(text.slice(0, -1)) * (MINUTES_OF[text.slice(-1)] ?? 0));
  });
  return Math.max(0, ...minutes);
}

type QueueIndicator = Extract<Indicator, { readonly kind: "queue" }>;
type JobIndicator = Extract<Indicator, { readonly kind: "job" }>;

function queueScenarios(objective: Objective, indicator: QueueIndicator): readonly SloScenario[] {
  const { queue, service, maxAgeSeconds } = indicator;
  const aged = (phases: readonly Phase[]): Series => ({
    metric: "telltale_queue_oldest_age_seconds",
    labels: {
      ...processLabels(service),
      ...{ messaging_system: "bullmq", messaging_destination_name: queue },
    },
    values: gaugeValues(phases, ({ failed }) => maxAgeSeconds + failed),
  });
  return [
    {
      ...{ title: "a message waits for too long", minutes: 40, firing: fastest(objective).names },
      series: [aged([aging(41, 1)])],
    },
    {
      ...{ title: "messages wait as long as they may, and a gap", minutes: 90, firing: [] },
      series: [aged([aging(60, 0), { ...aging(15, 0), kind: "gap" }, aging(16, 0)])],
    },
  ];
}

/** @param seconds by which the oldest message is too old. */
function aging(minutes: number, seconds: number): Phase {
  return { minutes, events: 1, failed: seconds };
}

/** Times are seconds since the start of the test. */
function jobScenarios(objective: Objective, indicator: JobIndicator): readonly SloScenario[] {
  const { job, service, maxAgeSeconds } = indicator;
  const succeeded = (values: string): readonly Series[] => [
    {
      metric: "telltale_job_last_success_seconds",
      labels: { ...processLabels(service), telltale_job_name: job },
      values,
    },
  ];
  // It is late from the tenth minute on.
  const old = plain(600 - maxAgeSeconds);
  const isShort = maxAgeSeconds < 1200;
  return [
    {
      ...{
        title: "the job does not succeed any more",
        minutes: 45,
        firing: fastest(objective).names,
      },
      series: succeeded(`${old}+0x45`),
    },
    {
      ...{
        title: `the job succeeds in time${isShort ? "" : ", and a gap"}`,
        minutes: 90,
        firing: [],
      },
      series: succeeded(isShort ? "0+60x90" : "0+60x30 _x10 2460+60x49"),
    },
    ...(minEventsOf(objective) < 3
      ? []
      : [
          {
            ...{ title: "the job is two minutes late", minutes: 60, firing: [] },
            series: succeeded(`${old}+0x11 720+60x48`),
          },
        ]),
  ];
}
