const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * Returns the name that a limiter of `express-rate-limit` has in the header
 * `RateLimit-Policy`: `100-in-15min`. A limiter of a library without names is known by
 * its limit alone.
 *
 * @param windowMs milliseconds
 */
export function policyName(limit: number, windowMs: number): string {
  return `${limit}-in-${durationText(windowMs)}`;
}

function durationText(ms: number): string {
  if (ms < MINUTE_MS) return `${ms / SECOND_MS}sec`;
  if (ms < HOUR_MS) return `${ms / MINUTE_MS}min`;
  if (ms < DAY_MS) return withPlural(ms / HOUR_MS, "hr");
  return withPlural(ms / DAY_MS, "day");
}

function withPlural(count: number, unit: string): string {
  return `${count}${unit}${count > 1 ? "s" : ""}`;
}
