/** The seconds of each unit of Prometheus' durations. */
export const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;

const PART = /(\d{1,9})(ms|[smhdw])/g;
const DURATION = /^(?:\d{1,9}(?:ms|[smhdw])){1,6}$/;

/**
 * Parses a duration in Prometheus' notation, such as `90s`, `5m` or `1h30m`.
 *
 * @returns seconds. Undefined if the text is none.
 */
export function secondsOf(duration: string): number | undefined {
  if (!DURATION.test(duration)) return undefined;
  const parts = [...duration.matchAll(PART)];
  return parts.reduce((sum, [, count, unit]) => {
    return sum + Number(count) * (SECONDS[unit as keyof typeof SECONDS] ?? Number.NaN);
  }, 0);
}

/** Returns the minutes of a valid duration. */
export function minutesOf(duration: string): number {
  return (secondsOf(duration) ?? Number.NaN) / 60;
}
