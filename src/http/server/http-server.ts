import diagnosticsChannel from "node:diagnostics_channel";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import net from "node:net";
import { wrapEmit } from "../../context/emit.ts";
import { findUnitOfWork, unitOfWorkOf } from "../../context/in-flight-requests.ts";
import { emitUncaughtInThrowContext } from "../../context/manager.ts";
import type { HttpServerDeps, HttpServerInstrumentation } from "./http-server-instrumentation.ts";
import { HttpServerTracer } from "./http-server-tracer.ts";
import { recordFatalError } from "./fatal-error.ts";
import { wrapRejectionHandler } from "./rejection-handler.ts";
import { HttpServerRequest } from "./server-request.ts";
import { wrapStoreHeader } from "./store-header.ts";

/**
 * Wraps the `emit` of HTTP and HTTPS servers, which every request passes before
 * any listener, of a framework or not. The end of a response is published by
 * Node's diagnostics channel, and one `close` listener per connection reports its
 * closing. So a request costs no listener, and no patched method but the one that
 * writes the request id.
 */
export function installHttpServer(deps: HttpServerDeps): HttpServerInstrumentation {
  const tracer = new HttpServerTracer(deps);
  for (const prototype of [http.Server.prototype, https.Server.prototype]) {
    wrapEmit(prototype, (next, server, args) => tracer.emitWithContext(next, server, args));
  }
  // Servers over TLS inherit the method of `net`, which emits an `error` of the server.
  for (const prototype of [http.Server.prototype, net.Server.prototype]) {
    wrapRejectionHandler(prototype, findUnitOfWork);
  }
  wrapStoreHeader(deps.timings);
  diagnosticsChannel.subscribe("http.server.response.finish", (message) => {
    const { request, response } = message as ResponseFinishMessage;
    const unit = unitOfWorkOf(request);
    if (unit instanceof HttpServerRequest) tracer.finish(unit, response, undefined);
  });
  process.on("uncaughtExceptionMonitor", (error: unknown) => {
    try {
      recordFatalError(error);
    } catch (internalError) {
      deps.onInternalError(internalError);
    }
    emitUncaughtInThrowContext();
  });
  return tracer;
}

interface ResponseFinishMessage {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}
