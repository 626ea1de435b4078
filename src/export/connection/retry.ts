/** When a refused attempt is tried again. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly firstMs: number;
  readonly factor: number;
  readonly maxMs: number;
  /** Part of the wait that chance adds or takes away, so that a fleet doesn't knock in step. */
  readonly jitter: number;
}

/** Upstream's figures (`retrying-transport` of `@opentelemetry/otlp-exporter-base`). */
export const defaultRetry: RetryPolicy = {
  attempts: 6,
  firstMs: 1000,
  factor: 1.5,
  maxMs: 5000,
  jitter: 0.2,
};

/** The wait after the `tries`-th attempt (1, 2, …) in milliseconds, when the peer names none. */
export function backoffMs(policy: RetryPolicy, tries: number): number {
  const plain = Math.min(policy.firstMs * policy.factor ** (tries - 1), policy.maxMs);
  return plain * (1 + policy.jitter * (2 * Math.random() - 1));
}

/**
 * The longest pause that a peer gets, however long it asks for. Gateways that are
 * restarted or short of quota ask for seconds or minutes; one request in five
 * minutes burdens none of them, and a number that is nonsense (or an attack) costs
 * five minutes of telemetry and not the rest of the process's life.
 */
export const MAX_PAUSE_MS: number = 5 * 60_000;

/**
 * Part of a pause that is up to chance, added to what was asked and taken from the
 * longest: a fleet that was told the same must not come back in step.
 */
const PAUSE_JITTER = 0.1;

/**
 * How long a peer that asks for a pause is left alone: as long as it asks, and a
 * little more by chance; never less than our own back-off (it may ask for 0, or
 * for a date that is past by our clock), never more than `MAX_PAUSE_MS`.
 *
 * @param requestedMs what is no number counts as 0.
 * @param minMs the back-off.
 */
export function pauseMs(requestedMs: number, minMs = 0): number {
  const requested = Number.isNaN(requestedMs) ? 0 : requestedMs;
  const jitter = PAUSE_JITTER * Math.random();
  return Math.min(Math.max(requested * (1 + jitter), minMs, 0), MAX_PAUSE_MS * (1 - jitter));
}

/**
 * What a `Retry-After` header asks for (RFC 9110, 10.2.3): seconds or a date.
 * Undefined where there is none or it can't be read; upstream takes the latter for
 * 0 ms and hammers. Not yet bounded: see `pauseMs`.
 *
 * @returns milliseconds, at least 0, finite.
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, Number.MAX_SAFE_INTEGER);
  // A date of HTTP has a day's name; `Date.parse` alone also takes "-1", "5.5" or "1e3".
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
