import type { LogsConfig } from "../../config/config.ts";
import type { RequestLog } from "../../context/unit-views.ts";
import { lazy } from "../../lazy.ts";
import type { RequestEvents, RequestEventsDeps } from "./request-events.ts";

const loadRequestEvents = lazy<typeof import("./request-events.ts")>(
  "logs/events/request-events.ts",
);

/** Creates the log of requests. Returns undefined if no request is to be logged. */
export function createRequestLog(deps: RequestEventsDeps): RequestLog | undefined {
  const { config } = deps;
  if (!logsRequests(config)) return undefined;
  let events: RequestEvents | undefined;
  return {
    slowMs: config.slowRequestMs,
    hasAccessLog: config.accessLog !== "off",
    requestEnded(...request) {
      (events ??= loadRequestEvents().createRequestEvents(deps)).add(...request);
    },
  };
}

function logsRequests({ accessLog, exporters, files, slowRequestMs }: LogsConfig): boolean {
  if (accessLog !== "off") return true;
  return slowRequestMs !== Infinity && (exporters.length > 0 || files !== undefined);
}
