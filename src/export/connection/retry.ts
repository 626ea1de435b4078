/** When a failed attempt is retried. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly firstMs: number;
  readonly factor: number;
  readonly maxMs: number;
  /** Random share of a delay, from 0 to 1: with 0.9, it is at least a tenth of the back-off. */
  readonly jitter: number;
}

/**
 * Full jitter: after an outage a fleet that retried at the same time would overload its
 * Collector again, and random delays between 0 and the back-off need the fewest requests
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). Not quite
 * from 0, since a peer that asks for patience must not get the next request at once.
 */
export const FULL_JITTER = 0.9;

/** As many attempts as upstream (`retrying-transport` of `@opentelemetry/otlp-exporter-base`). */
export const defaultRetry: RetryPolicy = {
  attempts: 6,
  firstMs: 1000,
  factor: 2,
  maxMs: 5000,
  jitter: FULL_JITTER,
};

/** Returns the delay after the `tries`-th attempt (1, 2, …) in milliseconds, if the peer asks for none. */
export function backoffMs(policy: Omit<RetryPolicy, "attempts">, tries: number): number {
  const plain = Math.min(policy.firstMs * policy.factor ** (tries - 1), policy.maxMs);
  return plain * (1 - policy.jitter * Math.random());
}

/**
 * Whether an attempt has less than half of its time before the end of all attempts: that it got
 * no answer explains less than the failure of the attempt before it.
 */
export function isCutShort(leftMs: number, limitMs: number): boolean {
  return leftMs < limitMs / 2;
}

/**
 * The longest pause that is applied, whatever the peer asks for. Gateways that
 * restart or are short of quota ask for seconds or minutes. One request in five
 * minutes burdens none of them, and an absurd number (or an attack) costs five
 * minutes of telemetry and not the rest of the process's life.
 */
export const MAX_PAUSE_MS: number = 5 * 60_000;

/**
 * Random share of a pause, added to the requested pause and subtracted from the
 * longest: a fleet that is asked for the same pause must not return at the same time.
 */
const PAUSE_JITTER = 0.1;

/**
 * Returns the pause to apply: the requested one and a little more, at random; never
 * less than the back-off (the peer may ask for 0, or for a date that is past by our
 * clock), never more than `MAX_PAUSE_MS`.
 *
 * @param requestedMs NaN counts as 0.
 * @param minMs the back-off.
 */
export function pauseMs(requestedMs: number, minMs = 0): number {
  const requested = Number.isNaN(requestedMs) ? 0 : requestedMs;
  const jitter = PAUSE_JITTER * Math.random();
  return Math.min(Math.max(requested * (1 + jitter), minMs, 0), MAX_PAUSE_MS * (1 - jitter));
}

/**
 * Parses a `Retry-After` header (RFC 9110, 10.2.3): seconds or a date. Not bounded:
 * see `pauseMs`.
 *
 * @returns milliseconds, at least 0, finite; undefined if the header is missing or
 * invalid (which upstream takes for 0 ms and retries at once).
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, Number.MAX_SAFE_INTEGER);
  // An HTTP date starts with the name of a day; `Date.parse` also accepts "-1", "5.5" and "1e3".
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
