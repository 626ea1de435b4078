import diagnosticsChannel from "node:diagnostics_channel";
import type { EventEmitter } from "node:events";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import net from "node:net";
import { ADMIN_SERVER } from "../../context/admin-server.ts";
import { type Emit, type EmitArgs, wrapEmit } from "../../context/emit.ts";
import { findUnitOfWork, unitOfWorkOf } from "../../context/in-flight-requests.ts";
import { callWithContext, emitUncaughtInThrowContext } from "../../context/manager.ts";
import type { HttpServerDeps, HttpServerInstrumentation } from "./http-server-instrumentation.ts";
import { HttpServerTracer } from "./http-server-tracer.ts";
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
    wrapEmit(prototype, (next, server, args) => emitWithContext(tracer, next, server, args));
  }
  // Servers over TLS inherit the method of `net`, which emits an `error` of the server.
  for (const prototype of [http.Server.prototype, net.Server.prototype]) {
    wrapRejectionHandler(prototype, findUnitOfWork);
  }
  wrapStoreHeader();
  diagnosticsChannel.subscribe("http.server.response.finish", (message) => {
    const { request, response } = message as ResponseFinishMessage;
    const unit = unitOfWorkOf(request);
    if (unit instanceof HttpServerRequest) tracer.finish(unit, response, undefined);
  });
  process.on("uncaughtExceptionMonitor", (error: unknown) => {
    tracer.recordFatalError(error);
    emitUncaughtInThrowContext();
  });
  return {
    endAll: () => tracer.endAll(),
    startEarly: () => tracer.startEarly(),
    hasHandledRequests: () => tracer.hasHandledRequests,
    inFlightCount: () => tracer.inFlightCount,
    startRequest(request, headers) {
      const unit = tracer.startRequest(request, headers);
      deps.metrics.requestStarted(unit);
      return unit;
    },
    finish: (unit, response, abort) => tracer.finish(unit, response, abort),
    emitWithContext: (next, server, args) => emitWithContext(tracer, next, server, args),
  };
}

interface ResponseFinishMessage {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Emits an event of a server; one that has a request is emitted in the context of
 * the request. The two events for `Expect` are emitted where an app handles it
 * itself, mostly by emitting `request` afterwards: that starts no second unit of
 * work. `upgrade`, emitted where the app listens for it, has the socket in the
 * place of the response. All other events are passed through unchanged.
 */
function emitWithContext(
  tracer: HttpServerTracer,
  next: Emit,
  server: EventEmitter,
  args: EmitArgs,
): boolean {
  const event = args[0];
  if (
    event !== "request" &&
    event !== "upgrade" &&
    event !== "checkContinue" &&
    event !== "checkExpectation"
  ) {
    return Reflect.apply(next, server, args);
  }
  const context = ADMIN_SERVER in server ? undefined : tracer.contextForRequest(args[1], args[2]);
  if (context === undefined) return Reflect.apply(next, server, args);
  return callWithContext(context, next, server, args);
}
