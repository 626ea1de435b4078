import { lazy } from "../../lazy.ts";
import type { BufferedLines } from "../../context/unit-views.ts";
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
  if (unit.bufferedLines !== undefined) settleLines(unit, unit.bufferedLines, response);
  if (log === undefined) return;
  const isSlow = unit.endedAt - unit.startedAt >= log.slowMs;
  if (!isSlow && !log.hasAccessLog) return;
  const { isEventStream } = loadResponseInfo();
  log.requestEnded(unit, isSlow && !isEventStream(response), unit.bodySizes);
}

/** Writes the lines below the level of their loggers if the request has failed or is slow. */
function settleLines(
  unit: HttpServerRequest,
  lines: BufferedLines,
  response: ResponseHead | undefined,
): void {
  const isSlow =
    unit.endedAt - unit.startedAt >= lines.slowMs && !loadResponseInfo().isEventStream(response);
  lines.settle(unit.failed || isSlow || unit.localTrace?.hasFailedSpan === true);
}
