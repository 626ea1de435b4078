import type { IncomingHttpHeaders } from "node:http";
import type { TransportMakeRequestResponse } from "@sentry/core";
import { defaultRetry, pauseMs, retryAfterMs } from "../../export/connection/retry.ts";

type LimitHeaders = NonNullable<TransportMakeRequestResponse["headers"]>;

/** Maximum number of rate limits that are read, and maximum length of one. Sentry sends a handful. */
const MAX_LIMITS = 20;
const MAX_LIMIT_LENGTH = 500;
/** Default pause of Sentry's clients for an invalid number. */
const DEFAULT_PAUSE_MS = 60_000;

/**
 * Returns the headers of a response that ask for pauses, in the form that Sentry's
 * `updateRateLimits` reads, with each pause bounded (`pauseMs`): an absurd number must
 * not stop error reports for the rest of the process's life, and 0 or a past date
 * must not cause an immediate retry.
 * https://develop.sentry.dev/sdk/foundations/transport/rate-limiting/
 */
export function boundedRateLimits(headers: IncomingHttpHeaders): LimitHeaders {
  const limits = headers["x-sentry-rate-limits"];
  const retryAfter = headers["retry-after"];
  return {
    "x-sentry-rate-limits":
      limits === undefined ? null : boundedRateLimitList([limits].flat().join(",")),
    "retry-after":
      retryAfter === undefined ? null : pauseSeconds(retryAfterMs(retryAfter, Date.now())),
  };
}

/** Bounds the pauses of a list like `60:error;session:organization, 2700:default:key`. */
function boundedRateLimitList(limits: string): string {
  return limits
    .split(",", MAX_LIMITS)
    .filter((limit) => limit.length <= MAX_LIMIT_LENGTH)
    .map((limit) => {
      const [seconds = "", ...rest] = limit.trim().split(":");
      const isNumber = /^\d+(\.\d+)?$/.test(seconds);
      return [pauseSeconds(isNumber ? Number(seconds) * 1000 : undefined), ...rest].join(":");
    })
    .join(",");
}

function pauseSeconds(requestedMs: number | undefined): string {
  return String(Math.ceil(pauseMs(requestedMs ?? DEFAULT_PAUSE_MS, defaultRetry.firstMs) / 1000));
}
