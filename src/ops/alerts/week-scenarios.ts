import { minutesOf } from "../prometheus/duration.ts";
import type { Pairs } from "../prometheus/rule-file.ts";
import type { AlertScenarios } from "./alert.ts";
import type { AlertContext } from "./alert-settings.ts";
import { lengthOf, nothing, type Scenario } from "./scenario.ts";

const SAMPLE_MINUTES = 5;
const WEEK_SAMPLES = (7 * 24 * 60) / SAMPLE_MINUTES;

/** Returns the situations of an alert on a counter that falls below its rate of a week ago. */
export function fallingScenarios(
  context: AlertContext,
  metric: string,
  labels: Pairs,
): AlertScenarios {
  const { threshold, minimum, window } = context;
  const rest = Math.ceil(lengthOf(context) / SAMPLE_MINUTES);
  const falling = (title: string, before: number, part: number): Scenario => {
    const now = Number((before * part).toFixed(6));
    const values = `0+${before}x${WEEK_SAMPLES} ${before * WEEK_SAMPLES + now}+${now}x${rest}`;
    return {
      ...{ title, minutes: (WEEK_SAMPLES + rest) * SAMPLE_MINUTES, interval: SAMPLE_MINUTES },
      series: [{ metric, labels, values }],
    };
  };
  const least = (minimum / minutesOf(window)) * SAMPLE_MINUTES;
  const many = Math.max(5000, least * 10);
  const fires = [
    falling("below the threshold", many, threshold * 0.8),
    ...(minimum > 1
      ? [falling("below it, and just enough a week ago", least * 1.2, threshold * 0.5)]
      : []),
  ];
  return {
    fires: fires.map((scenario) => ({ ...scenario, firing: { job: "shop" } })),
    silent: [
      falling("just above the threshold", many, threshold * 1.1),
      ...(minimum > 1 ? [falling("few a week ago", least * 0.8, 0.01)] : []),
    ],
    noTraffic: [falling("none in both weeks", 0, 0), nothing(lengthOf(context))],
  };
}
