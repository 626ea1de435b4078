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
 * What a `Retry-After` header asks for (RFC 9110, 10.2.3): seconds or a date.
 * Undefined where there is none or it can't be read; upstream takes the latter for
 * 0 ms and hammers.
 *
 * @returns milliseconds, at least 0.
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // A date of HTTP has a day's name; `Date.parse` alone also takes "-1", "5.5" or "1e3".
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
