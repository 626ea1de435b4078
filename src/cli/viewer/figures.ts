/** Rounds milliseconds as answers have them: three digits of those below 100, no fraction above. */
export function roundMs(ms: number): number {
  if (!Number.isFinite(ms)) return 0;
  const digits = Math.abs(ms) >= 100 ? 0 : Math.abs(ms) >= 10 ? 1 : 2;
  return roundTo(ms, digits);
}

/** Rounds an average number. */
export function roundCount(count: number): number {
  return Number.isFinite(count) ? roundTo(count, Math.abs(count) >= 10 ? 1 : 2) : 0;
}

/** Returns a share from 0 to 1 in percent. */
export function percentOf(share: number): number {
  return roundTo(share * 100, 1);
}

/** Returns a change in percent with its sign: `+20%`. */
export function signedPercent(ratio: number): string {
  const percent = Math.round(ratio * 100);
  return `${percent > 0 ? "+" : ""}${percent}%`;
}

/** Returns the time of day of a timestamp (ms since 1970), in the zone of the host. */
export function timeOfDay(time: number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "?";
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

/** Returns a timestamp (ms since 1970) in ISO 8601, in UTC; undefined if it is none. */
export function isoTime(time: number): string | undefined {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** Returns the parts of a request's time in words, without those that took none. */
export function timeTexts(timing: Readonly<Record<string, number>>): string[] {
  return Object.entries(timing)
    .filter(([, ms]) => ms > 0)
    .map(([what, ms]) => `${what} ${ms} ms`);
}

export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function roundTo(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}
