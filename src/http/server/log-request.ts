import { lazy } from "../../lazy.ts";
import type { HttpServerDeps } from "./http-server-instrumentation.ts";
import type { HttpServerRequest, ResponseHead } from "./server-request.ts";

const loadResponseInfo = lazy<typeof import("./response-info.ts")>("http/server/response-info.ts");

const TOO_MANY_REQUESTS = 429;

/** Reports a request that a rate limit has rejected; logs it if it is slow, or if all requests are logged. */
export function logRequest(
  { onRateLimited, requestLog: log }: HttpServerDeps,
  unit: HttpServerRequest,
  response: ResponseHead | undefined,
): void {
  if (unit.statusCode === TOO_MANY_REQUESTS) onRateLimited(unit);
  if (log === undefined) return;
  const isSlow = unit.endedAt - unit.startedAt >= log.slowMs;
  if (!isSlow && !log.hasAccessLog) return;
  const { isEventStream } = loadResponseInfo();
  log.requestEnded(unit, isSlow && !isEventStream(response), unit.bodySizes);
}
