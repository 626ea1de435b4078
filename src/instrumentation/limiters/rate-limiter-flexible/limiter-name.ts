/** A limiter of the library, or an object that wraps one. */
export interface LimiterLike {
  readonly keyPrefix?: unknown;
  /** Of `RLWrapperBlackAndWhite` and `RLWrapperTimeouts`. */
  readonly _limiter?: LimiterLike;
  /** Of `BurstyRateLimiter`. */
  readonly _rateLimiter?: LimiterLike;
  /** Of `RateLimiterQueue`. */
  readonly _limiterFlexible?: LimiterLike;
}

/** Name of a limiter with an empty prefix. */
const UNNAMED = "rate-limiter-flexible";

/**
 * Returns the name of the limiter that has rejected a call: its prefix of keys. Undefined
 * if the rejection is an error, of its store or of the caller.
 */
export function rejectedNameOf(limiter: LimiterLike, rejection: unknown): string | undefined {
  if (isResult(rejection) || isQueueError(rejection)) return nameOf(limiter);
  if (!isObject(rejection) || rejection instanceof Error) return undefined;
  // A union rejects with the results of those limiters that have rejected, by prefix.
  const rejected = Object.entries(rejection).find(([, result]) => isResult(result));
  return rejected && (rejected[0] || UNNAMED);
}

function nameOf({ _limiter, _rateLimiter, _limiterFlexible, keyPrefix }: LimiterLike): string {
  const wrapped = _limiter ?? _rateLimiter ?? _limiterFlexible;
  if (wrapped !== undefined) return nameOf(wrapped);
  return typeof keyPrefix === "string" && keyPrefix !== "" ? keyPrefix : UNNAMED;
}

/** Whether a value is a `RateLimiterRes`, of any version. */
function isResult(value: unknown): boolean {
  if (!isObject(value) || value instanceof Error) return false;
  const { msBeforeNext, remainingPoints } = value as Readonly<Record<string, unknown>>;
  return typeof msBeforeNext === "number" && typeof remainingPoints === "number";
}

/** Its `name` is `CustomError`. */
function isQueueError(value: unknown): boolean {
  return value instanceof Error && value.constructor.name === "RateLimiterQueueError";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
