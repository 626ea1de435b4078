import type { RequestLog } from "../../context/unit-views.ts";
import { lazy } from "../../lazy.ts";
import type { HttpServerRequest, ResponseHead } from "./server-request.ts";

const loadResponseInfo = lazy<typeof import("./response-info.ts")>("http/server/response-info.ts");

/** Passes a request to the access log, if it is slow or if all requests are. */
export function logRequest(
  log: RequestLog,
  unit: HttpServerRequest,
  response: ResponseHead | undefined,
): void {
  const isSlow = unit.endedAt - unit.startedAt >= log.slowMs;
  if (!isSlow && !log.hasAccessLog) return;
  const { bodySizesOf, isEventStream } = loadResponseInfo();
  log.requestEnded(
    unit,
    isSlow && !isEventStream(response),
    log.hasAccessLog ? bodySizesOf(unit, response) : undefined,
  );
}
