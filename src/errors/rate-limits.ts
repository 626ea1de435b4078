import type { IncomingHttpHeaders } from "node:http";
import type { TransportMakeRequestResponse } from "@sentry/core";
import { defaultRetry, pauseMs, retryAfterMs } from "../export/connection/retry.ts";

type LimitHeaders = NonNullable<TransportMakeRequestResponse["headers"]>;

/** Sentry's rate limits are a handful; more of them, and longer ones, are not read. */
const MAX_LIMITS = 20;
const MAX_LIMIT_LENGTH = 500;
/** What Sentry's clients take where a pause is asked for in no readable number. */
const DEFAULT_PAUSE_MS = 60_000;

/**
 * The pauses that an answer asks for, as Sentry's own rules read them
 * (`updateRateLimits`), each within our bounds (`pauseMs`): a number that is
 * nonsense must not silence errors for the rest of the process's life, nor one
 * that is 0 or past make us knock at once.
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

/** `60:error;session:organization, 2700:default:key`. */
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
