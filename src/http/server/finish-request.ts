import type { Span } from "@opentelemetry/api";
import { now } from "../../clock.ts";
import { failuresOf } from "../../context/failures.ts";
import { isErrorObject } from "../../context/thrown.ts";
import { lazy } from "../../lazy.ts";
import { STATUS_ERROR } from "../../traces/span.ts";
import { logRequest } from "./log-request.ts";
import type { HttpServerDeps, RequestHooks } from "./http-server-instrumentation.ts";
import type { HttpServerRequest, ResponseHead } from "./server-request.ts";

const loadResponseAbort = lazy<typeof import("./response-abort.ts")>(
  "http/server/response-abort.ts",
);

const loadResponseInfo = lazy<typeof import("./response-info.ts")>("http/server/response-info.ts");

const FINISH_STEPS = 10;
const SWITCHING_PROTOCOLS = 101;

/** Runs the steps of the end of a request. An error in one step does not skip the later ones. */
export function finishRequest(
  deps: HttpServerDeps,
  unit: HttpServerRequest,
  response: ResponseHead | undefined,
): void {
  for (let step = 0; step < FINISH_STEPS;) {
    try {
      while (step < FINISH_STEPS) runFinishStep(deps, step++, unit, response);
    } catch (error) {
      deps.onInternalError(error);
    }
  }
}

/**
 * Runs one step. The steps are cases of one function, because a function for each
 * would be cold code; their numbers are literals with a comment, because named
 * constants would be loaded for each comparison.
 */
function runFinishStep(
  deps: HttpServerDeps,
  step: number,
  unit: HttpServerRequest,
  response: ResponseHead | undefined,
): void {
  switch (step) {
    case 0: // Set the end time, before work of telltale, which may load Sentry, and detach from the connection.
      unit.endedAt = now();
      unit.connection.remove(unit);
      return;
    case 1: // Set status and route, and end the unit of work.
      unit.finalize(response);
      return;
    case 2: // Decide whether it failed, bind the series of its route and status, and measure its bodies.
      if (hasFailureInfo(unit)) loadResponseAbort().settleFailure(unit);
      bindSeries(deps, unit, response);
      return;
    case 3: // Capture its errors.
      if (unit.failed) deps.onServerErrors(unit, failuresOf(unit));
      return;
    case 4: // Log it, with the id of its event.
      logRequest(deps, unit, response);
      return;
    case 5: // Call the hooks of the app, and release the request, which the events have read.
      releaseRequest(deps.hooks, unit, response);
      return;
    case 6: // End the span.
      endSpan(unit);
      return;
    case 7: // Record the metrics.
      deps.metrics.requestEnded(unit);
      return;
    case 8: // Add it to the summary.
      deps.requests().add(unit);
      return;
    default: // Count it for release health. Sentry's SDKs do not count handshakes of WebSockets.
      if (unit.statusCode !== SWITCHING_PROTOCOLS) deps.onEnded(unit);
  }
}

/** Binds the series of a request, and measures its bodies where their sizes are recorded or logged. */
function bindSeries(
  { metrics, requestLog }: HttpServerDeps,
  unit: HttpServerRequest,
  response: ResponseHead | undefined,
): void {
  metrics.bindSeries(unit);
  if (metrics.recordsBodySizes || requestLog?.hasAccessLog === true)
    unit.bodySizes = loadResponseInfo().bodySizesOf(unit, response);
}

function releaseRequest(
  hooks: RequestHooks | undefined,
  unit: HttpServerRequest,
  response: ResponseHead | undefined,
): void {
  const { span, request, route } = unit;
  if (hooks !== undefined && span?.isRecording() === true)
    unit.ownSpanName = hooks.ending(span, request, response, route);
  unit.releaseRequest();
}

function hasFailureInfo({ abort, error, failures, rpc }: HttpServerRequest): boolean {
  return abort !== undefined || error !== undefined || failures !== undefined || rpc !== undefined;
}

function endSpan(unit: HttpServerRequest): void {
  const span = unit.span;
  if (span === undefined || !span.isRecording()) return;
  if (unit.ownSpanName !== undefined) span.updateName(unit.ownSpanName);
  else if (unit.route !== undefined) span.updateName(unit.rpc?.spanName ?? unit.spanName);
  if (unit.failed) recordFailures(span, unit);
  span.end(unit.endedAt);
}

function recordFailures(span: Span, unit: HttpServerRequest): void {
  span.setStatus({ code: STATUS_ERROR });
  for (const failure of failuresOf(unit)) {
    if (isErrorObject(failure)) span.recordException(failure, unit.endedAt);
  }
}
