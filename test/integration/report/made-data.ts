/*
 * Two weeks of made data, as OpenMetrics for promtool's importer of blocks: a sample each 5
 * minutes, in weeks of constant rates, so that every figure of a report can be computed by
 * hand.
 */

/** Monday, in UTC. */
export const FIRST_WEEK: number = Date.parse("2026-03-02T00:00:00Z") / 1000;
export const SECOND_WEEK: number = FIRST_WEEK + 7 * 86_400;
export const END: number = SECOND_WEEK + 7 * 86_400;

/** Between two samples, in seconds. 2,016 of them are a week. */
const INTERVAL = 300;

type Labels = Readonly<Record<string, string>>;

/** A counter by its increase in each 5 minutes of the first and of the second week. */
export interface MadeCounter {
  readonly labels: Labels;
  readonly increases: readonly [first: number, second: number];
  /** When the process starts anew, with 0, in seconds since 1970. */
  readonly restart?: number;
  /** Whether the series exists in the second week only. */
  readonly isNew?: boolean;
}

/** Requests of one route and status: by the duration of each of them, in each 5 minutes. */
export interface MadeRequests {
  readonly labels: Labels;
  /** Requests by the bucket that they are the first to be in. */
  readonly durations: readonly [first: Durations, second: Durations];
  readonly restart?: number;
  readonly isNew?: boolean;
}

/** The number of requests above the limit before, up to this limit. */
export type Durations = Readonly<Record<string, number>>;

const LIMITS = ["0.1", "0.25", "0.5", "1.0", "2.5", "+Inf"];

export function histogramLines(name: string, series: readonly MadeRequests[]): string[] {
  return [
    `# TYPE ${name} histogram`,
    ...series.flatMap(({ labels, durations, ...others }) => {
      const upTo = (limits: readonly string[], week: 0 | 1): number =>
        limits.reduce((sum, limit) => sum + (durations[week][limit] ?? 0), 0);
      const buckets = LIMITS.flatMap((le, at) => {
        const limits = LIMITS.slice(0, at + 1);
        const increases = [upTo(limits, 0), upTo(limits, 1)] as const;
        return counterSamples(`${name}_bucket`, {
          ...others,
          labels: { ...labels, le },
          increases,
        });
      });
      const increases = [upTo(LIMITS, 0), upTo(LIMITS, 1)] as const;
      const counts = counterSamples(`${name}_count`, { ...others, labels, increases });
      return [...buckets, ...counts];
    }),
  ];
}

/** @param name with `_total`. */
export function counterLines(name: string, series: readonly MadeCounter[]): string[] {
  return [
    `# TYPE ${name.replace(/_total$/, "")} counter`,
    ...series.flatMap((one) => counterSamples(name, one)),
  ];
}

function counterSamples(
  name: string,
  { labels, increases, restart, isNew }: MadeCounter,
): string[] {
  const lines: string[] = [];
  let value = 0;
  for (let time = isNew === true ? SECOND_WEEK : FIRST_WEEK; time <= END; time += INTERVAL) {
    lines.push(sample(name, labels, value, time));
    // What happens between this sample and the next one.
    const next = increases[time < SECOND_WEEK ? 0 : 1];
    value = time === restart ? next : value + next;
  }
  return lines;
}

/** A gauge with a value for some times: those up to `to`, which is included. */
export interface MadeGauge {
  readonly labels: Labels;
  readonly value: number;
  readonly from: number;
  readonly to: number;
  /** Default: 5 minutes. */
  readonly interval?: number;
}

/** Prometheus marks the end of a series; the importer can't, so NaN follows. */
export function gaugeLines(name: string, series: readonly MadeGauge[]): string[] {
  return [
    `# TYPE ${name} gauge`,
    ...series.flatMap(({ labels, value, from, to, interval = INTERVAL }) => {
      const lines: string[] = [];
      for (let time = from; time <= to; time += interval)
        lines.push(sample(name, labels, value, time));
      if (to < END) lines.push(sample(name, labels, NaN, to + interval));
      return lines;
    }),
  ];
}

function sample(name: string, labels: Labels, value: number, time: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
  return `${name}{${pairs.join(",")}} ${value} ${time}`;
}
