import { minutesOf } from "../prometheus/duration.ts";
import type { Pairs } from "../prometheus/rule-file.ts";
import type { AlertContext } from "./alert-settings.ts";

/** A series of made data, with one sample in each interval of its scenario. */
export interface Series {
  readonly metric: string;
  readonly labels: Pairs;
  /** In promtool's notation: `0+60x30`. */
  readonly values: string;
}

/** Made data, and how long it lasts. */
export interface Scenario {
  readonly title: string;
  readonly minutes: number;
  /** Minutes between two samples; by default 1. promtool reads 10,000 samples of a series at most. */
  readonly interval?: number;
  readonly series: readonly Series[];
  /** In how many evaluations it fires until the end. Undefined: it never fires, or fires at the end. */
  readonly fired?: number;
  /** Labels of the alert that fires at the end, beside `alertname`, `severity`, `service` and `team`. */
  readonly firing?: Pairs;
}

/** Returns the minutes in which an alert fires by its window, and long after. */
export function lengthOf({ window, for: duration }: AlertContext): number {
  return Math.ceil(minutesOf(window) + minutesOf(duration)) + 10;
}

/** Returns a counter that grows by the same number each minute. */
export function counter(metric: string, labels: Pairs, perMinute: number, minutes: number): Series {
  return { metric, labels, values: `0+${plain(perMinute)}x${minutes}` };
}

/** Returns a counter that appears with `value` after some minutes, and then grows by `perMinute`. */
export function appearing(
  metric: string,
  labels: Pairs,
  value: number,
  [before, after]: Gap,
  perMinute = 0,
): Series {
  return { metric, labels, values: `_x${before} ${plain(value)}+${plain(perMinute)}x${after}` };
}

/** Minutes of which nothing is known, and those after them. */
type Gap = readonly [before: number, after: number];

/** Returns the time before and after something that happens just in time for an alert to fire at the end. */
export function gapBeforeEnd(context: AlertContext): Gap {
  const wait = Math.max(2, Math.ceil(minutesOf(context.for)));
  return [lengthOf(context) - wait, wait + 3];
}

/** Whether an alert fires while {@link startedProcess} counts as started: for five minutes. */
export function isStartLongEnough(context: AlertContext): boolean {
  return minutesOf(context.for) <= 3;
}

/** Returns the uptime of a process that runs all the time. */
export function runningProcess(labels: Pairs, minutes: number): Series {
  return gauge(UPTIME, labels, 90_000, minutes);
}

/** Returns the uptime of a process that has just been started, and is scraped after some minutes. */
export function startedProcess(labels: Pairs, gap: Gap): Series {
  return appearing(UPTIME, labels, 80, gap, 60);
}

/**
 * Returns the uptimes of a process that has run for some minutes before it is scraped, for example
 * since Prometheus was down, beside processes with the same name or address that always were.
 */
export function returningProcess(labels: Pairs, gap: Gap): readonly Series[] {
  const minutes = gap[0] + gap[1];
  return [
    appearing(UPTIME, labels, 330, gap, 60),
    runningProcess({ ...labels, job: "other" }, minutes),
    runningProcess({ ...labels, instance: "b" }, minutes),
  ];
}

const UPTIME = "process_uptime_seconds";

/** Returns a gauge, or a counter, that stays the same. */
export function gauge(metric: string, labels: Pairs, value: number, minutes: number): Series {
  return { metric, labels, values: `${plain(value)}x${minutes}` };
}

/** Returns a gauge with one value, and later with another one. */
export function change(
  metric: string,
  labels: Pairs,
  [first, minutes]: readonly [value: number, minutes: number],
  [second, rest]: readonly [value: number, minutes: number],
): Series {
  return { metric, labels, values: `${plain(first)}x${minutes} ${plain(second)}x${rest}` };
}

/** Measurements of a histogram, of which `percentile` is the given one. */
export interface Distribution {
  /** `http_server_request_duration_seconds`, without `_bucket`. */
  readonly metric: string;
  readonly labels: Pairs;
  readonly perMinute: number;
  readonly percentile: 0.95 | 0.99;
  readonly value: number;
}

/** Returns the buckets and the count of a histogram. */
export function histogram(distribution: Distribution, minutes: number): readonly Series[] {
  const { metric, labels, perMinute, percentile, value } = distribution;
  // `histogram_quantile` interpolates: the percentile is in the middle of these two limits.
  const limits = [
    [plain(value * 0.9), 2 * percentile - 1],
    [plain(value * 1.1), 1],
    ["+Inf", 1],
  ] as const;
  return [
    ...limits.map(([le, part]) =>
      counter(`${metric}_bucket`, { ...labels, le }, perMinute * part, minutes),
    ),
    counter(`${metric}_count`, labels, perMinute, minutes),
  ];
}

/** Returns a part of all that is above another one, and below 1. */
export function partAbove(part: number): number {
  return Math.min(part * 1.1, (1 + part) / 2);
}

/** No series at all. */
export function nothing(minutes: number): Scenario {
  return { title: "no series", minutes, series: [] };
}

/** Writes a number as promtool reads it, which knows no exponents. */
function plain(value: number): string {
  return Number(value.toFixed(9)).toString();
}
