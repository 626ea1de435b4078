import type { LogsConfig } from "../../config/config.ts";
import type { CallKind } from "../../context/call-times.ts";
import type { BodySizes, EndedRequest } from "../../context/unit-views.ts";
import { wallClockOriginAt } from "../../clock.ts";
import { ROOT_CONTEXT } from "../../context/context.ts";
import type { LogContext } from "../correlation.ts";
import type { TelltaleLoggerProvider } from "../logger.ts";
import { EventLog } from "./event-log.ts";
import type { EventLevel, LineOutput } from "./log-event.ts";
import { writeLineToStdout } from "./stdout.ts";

export interface RequestEventsDeps {
  readonly config: LogsConfig;
  readonly provider: TelltaleLoggerProvider;
}

const CALL_KINDS: readonly CallKind[] = ["database", "cache", "outgoing"];

/** Logs requests at their end: `request completed` of the access log, and `slow request`. */
export class RequestEvents {
  readonly #log: EventLog;
  readonly #accessLog: LogsConfig["accessLog"];
  readonly #outputs: readonly LineOutput[];

  constructor({ config, provider }: RequestEventsDeps) {
    this.#log = new EventLog(provider, { name: "telltale/http" });
    this.#accessLog = config.accessLog;
    this.#outputs = config.accessLog === "off" ? [] : [writeLineToStdout];
  }

  add(request: EndedRequest, isSlow: boolean, sizes: BodySizes | undefined): void {
    if (this.#isSelected(request, isSlow)) this.#addCompleted(request, isSlow, sizes);
    if (isSlow) this.#addSlow(request, sizes);
  }

  #isSelected({ failed }: EndedRequest, isSlow: boolean): boolean {
    switch (this.#accessLog) {
      case "off":
        return false;
      case "all":
        return true;
      case "slow":
        return isSlow;
      case "errors":
        return failed;
    }
  }

  #addCompleted(request: EndedRequest, isSlow: boolean, sizes: BodySizes | undefined): void {
    const event = {
      name: "telltale.request.completed",
      level: levelOf(request, isSlow),
      message: "request completed",
      time: endTimeOf(request),
      attributes: requestAttributes(request, sizes),
    };
    this.#log.write(event, contextOf(request), this.#outputs);
  }

  #addSlow(request: EndedRequest, sizes: BodySizes | undefined): void {
    const event = {
      name: "telltale.request.slow",
      level: "warn",
      message: "slow request",
      time: endTimeOf(request),
      attributes: { ...requestAttributes(request, sizes), ...timeAttributes(request) },
    } as const;
    this.#log.write(event, contextOf(request), this.#outputs);
  }
}

export function createRequestEvents(deps: RequestEventsDeps): RequestEvents {
  return new RequestEvents(deps);
}

function levelOf({ failed }: EndedRequest, isSlow: boolean): EventLevel {
  if (failed) return "error";
  return isSlow ? "warn" : "info";
}

function endTimeOf({ endedAt }: EndedRequest): number {
  return wallClockOriginAt(endedAt) + endedAt;
}

function contextOf(request: EndedRequest): LogContext {
  return { context: ROOT_CONTEXT, spanContext: request.span?.spanContext(), unit: request };
}

/** Attributes of the semantic conventions, the duration under the name of its metric. */
function requestAttributes(
  request: EndedRequest,
  sizes: BodySizes | undefined,
): Record<string, unknown> {
  return {
    "http.request.method": request.method,
    "http.route": request.route,
    "url.path": request.redactedPath(),
    "http.response.status_code": request.statusCode,
    "http.server.request.duration": toSeconds(request.endedAt - request.startedAt),
    "http.request.body.size": sizes?.request,
    "http.response.body.size": sizes?.response,
    "network.protocol.version": request.protocolVersion,
    "error.type": request.errorType,
    "telltale.request.aborted_by": request.abort?.by,
  };
}

/** What the time went to. */
function timeAttributes({ callTimes, startedAt, endedAt }: EndedRequest): Record<string, number> {
  if (callTimes === undefined) return {};
  const attributes: Record<string, number> = {};
  for (const kind of CALL_KINDS) {
    const time = callTimes.until(kind, endedAt);
    if (time === undefined) continue;
    attributes[`telltale.request.${kind}.duration`] = toSeconds(time.ms);
    attributes[`telltale.request.${kind}.calls`] = time.count;
  }
  const ownMs = endedAt - startedAt - callTimes.busyMsUntil(endedAt);
  return { ...attributes, "telltale.request.own.duration": toSeconds(Math.max(0, ownMs)) };
}

/** Rounds to microseconds. */
function toSeconds(ms: number): number {
  return Math.round(ms * 1000) / 1e6;
}
