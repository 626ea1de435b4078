import { minutesOf } from "../prometheus/duration.ts";
import type { Pairs } from "../prometheus/rule-file.ts";
import type { AlertScenarios } from "./alert.ts";
import type { AlertContext } from "./alert-settings.ts";
import {
  counter,
  type Distribution,
  gauge,
  histogram,
  lengthOf,
  nothing,
  partAbove,
  type Scenario,
  type Series,
} from "./scenario.ts";

/** Returns the situations of an alert whose value is made by `seriesOf`. */
export function scenariosOf(
  context: AlertContext,
  firing: Pairs,
  seriesOf: (value: number, minutes: number) => readonly Series[],
): AlertScenarios {
  const minutes = lengthOf(context);
  const scenario = (title: string, value: number): Scenario => ({
    ...{ title, minutes },
    series: seriesOf(value, minutes),
  });
  const { threshold } = context;
  return {
    fires: [{ ...scenario("above the threshold", threshold * 1.1), firing }],
    silent: [scenario("just below the threshold", threshold * 0.9)],
    noTraffic: [scenario("a value of zero", 0), nothing(minutes)],
  };
}

/** Returns the situations of an alert whose value is that of one gauge. */
export function gaugeScenarios(
  context: AlertContext,
  metric: string,
  labels: Pairs,
  firing: Pairs,
): AlertScenarios {
  return scenariosOf(context, firing, (value, minutes) => [gauge(metric, labels, value, minutes)]);
}

/** Returns the situations of an alert on events per `seconds`. */
export function counterScenarios(
  context: AlertContext,
  {
    metric,
    labels,
    seconds,
  }: { readonly metric: string; readonly labels: Pairs; readonly seconds: number },
  firing: Pairs,
): AlertScenarios {
  return scenariosOf(context, firing, (value, minutes) => [
    counter(metric, labels, (value * 60) / seconds, minutes),
  ]);
}

/** Series of which a part of the events counts. */
export interface EventParts {
  /** Events that count, in the numerator. */
  readonly counted: readonly [metric: string, labels: Pairs];
  readonly others: readonly [metric: string, labels: Pairs];
}

/** Returns the situations of an alert on the part of events that failed, with a minimum of events. */
export function partScenarios(
  context: AlertContext,
  { counted, others }: EventParts,
  firing: Pairs,
): AlertScenarios {
  const minutes = lengthOf(context);
  const { threshold, minimum, window } = context;
  const scenario = (title: string, perMinute: number, part: number): Scenario => ({
    ...{ title, minutes },
    series: [
      counter(...others, perMinute * (1 - part), minutes),
      counter(...counted, perMinute * part, minutes),
    ],
  });
  const least = minimum / minutesOf(window);
  const many = Math.max(6000, least * 10);
  return {
    fires: [
      { ...scenario("above the threshold", many, partAbove(threshold)), firing },
      ...(minimum > 1
        ? [{ ...scenario("all of just enough events", least * 1.2, 1), firing }]
        : []),
    ],
    silent: [
      scenario("just below the threshold", many, threshold * 0.9),
      ...(minimum > 1 ? [scenario("all of too few events", least * 0.8, 1)] : []),
    ],
    noTraffic: [scenario("no events", 0, 0), nothing(minutes)],
  };
}

/** Returns the situations of an alert on a percentile, with a minimum of measurements. */
export function percentileScenarios(
  context: AlertContext,
  distribution: Pick<Distribution, "metric" | "labels" | "percentile">,
  firing: Pairs,
): AlertScenarios {
  const minutes = lengthOf(context);
  const { threshold, minimum, window } = context;
  const scenario = (title: string, value: number, perMinute: number): Scenario => ({
    ...{ title, minutes },
    series: histogram({ ...distribution, value, perMinute }, minutes),
  });
  const least = minimum / minutesOf(window);
  const many = Math.max(6000, least * 10);
  return {
    fires: [
      { ...scenario("above the threshold", threshold * 1.1, many), firing },
      ...(minimum > 1
        ? [{ ...scenario("just enough of them", threshold * 5, least * 1.2), firing }]
        : []),
    ],
    silent: [
      scenario("just below the threshold", threshold * 0.9, many),
      ...(minimum > 1 ? [scenario("too few of them", threshold * 5, least * 0.8)] : []),
    ],
    noTraffic: [scenario("none", threshold * 5, 0), nothing(minutes)],
  };
}
