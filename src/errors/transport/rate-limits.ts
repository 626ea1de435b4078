import type { IncomingHttpHeaders } from "node:http";
import {
  type DataCategory,
  type RateLimits,
  type TransportMakeRequestResponse,
  updateRateLimits,
} from "@sentry/core";
import { defaultRetry, pauseMs, retryAfterMs } from "../../export/connection/retry.ts";

type LimitHeaders = NonNullable<TransportMakeRequestResponse["headers"]>;

/** Maximum number of rate limits that are read, and maximum length of one. Sentry sends a handful. */
const MAX_LIMITS = 20;
const MAX_LIMIT_LENGTH = 500;
/** Default pause of Sentry's clients for an invalid number. */
const DEFAULT_PAUSE_MS = 60_000;

/**
 * The category of client reports, which are never limited: without them Sentry does not know
 * what was lost because of a limit.
 * https://develop.sentry.dev/sdk/telemetry/client-reports/
 */
const REPORT_CATEGORY: DataCategory = "internal";

/** The categories of what is sent. Limits of others have no effect, and are not kept. */
const categories: ReadonlySet<string> = new Set<DataCategory>([
  ...(["default", "error", "attachment", "session", "monitor", "feedback"] as const),
  ...(["transaction", "span", "profile", "log_item", "trace_metric"] as const),
]);

/**
 * The pauses that Sentry asks for, by category. They end by the monotonic clock: a
 * system clock that is set back does not prolong them.
 */
export class RequestedPauses {
  #limits: RateLimits = {};

  /** Adds the pauses that a response asks for. */
  update(statusCode: number, headers: IncomingHttpHeaders): void {
    const response = { statusCode, headers: boundedRateLimits(headers) };
    this.#limits = updateRateLimits(this.#limits, response, performance.now());
  }

  isLimited(category: DataCategory): boolean {
    return this.remainingMs(category) > 0;
  }

  /**
   * Returns the rest of the pause of a category, in milliseconds; 0 or less without one.
   * Sentry's `isRateLimited` ignores a pause of everything after an earlier one of the category.
   */
  remainingMs(category: DataCategory): number {
    if (category === REPORT_CATEGORY) return 0;
    const { all = 0, [category]: own = 0 } = this.#limits;
    return Math.max(all, own) - performance.now();
  }
}

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
    .map(boundedRateLimit)
    .filter((limit) => limit !== undefined)
    .join(",");
}

/** Returns undefined for a limit of other categories. A limit without categories is one of all. */
function boundedRateLimit(limit: string): string | undefined {
  const [seconds = "", names = "", ...rest] = limit.trim().split(":");
  const known = names.split(";").filter((name) => categories.has(name));
  if (names !== "" && known.length === 0) return undefined;
  const isNumber = /^\d+(\.\d+)?$/.test(seconds);
  const pause = pauseSeconds(isNumber ? Number(seconds) * 1000 : undefined);
  return [pause, known.join(";"), ...rest].join(":");
}

function pauseSeconds(requestedMs: number | undefined): string {
  return String(Math.ceil(pauseMs(requestedMs ?? DEFAULT_PAUSE_MS, defaultRetry.firstMs) / 1000));
}
