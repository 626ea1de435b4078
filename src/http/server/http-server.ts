import diagnosticsChannel from "node:diagnostics_channel";
import type { EventEmitter } from "node:events";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import net, { type Socket } from "node:net";
import { types } from "node:util";
import type { Context as ApiContext, Span } from "@opentelemetry/api";
import { now } from "../../clock.ts";
import { Context, ROOT_CONTEXT, spanIn } from "../../context/context.ts";
import { ADMIN_SERVER } from "../../context/admin-server.ts";
import { lazy } from "../../lazy.ts";
import { failuresOf } from "../../context/failures.ts";
import {
  type SocketWithRequests,
  findUnitOfWork,
  IN_FLIGHT,
  registerDetached,
  unitOfWorkOf,
} from "../../context/in-flight-requests.ts";
import {
  activeUnitOfWork,
  callWithContext,
  setUpcomingSpan,
  runInThrowContext,
  emitUncaughtInThrowContext,
} from "../../context/manager.ts";
import { HttpConnection } from "./http-connection.ts";
import { type Emit, type EmitArgs, bindEmitter, wrapEmit } from "../../context/emit.ts";
import type { HeaderReader } from "./header-reader.ts";
import type { KnownMethods } from "../method.ts";
import {
  type ResponseAbort,
  ABORTED_BY_CLIENT,
  ABORTED_BY_EXIT,
  HttpServerRequest,
  type RequestHeaders,
  type HttpRequestDeps,
  type ResponseHead,
} from "./server-request.ts";
import { wrapRejectionHandler } from "./rejection-handler.ts";
import { wrapStoreHeader } from "./store-header.ts";
import type { ServerMetrics } from "./server-metrics.ts";
import type { TelltaleTracer } from "../../traces/tracer.ts";
import { STATUS_ERROR, TelltaleSpan } from "../../traces/span.ts";

const loadBreakage = lazy<typeof import("./response-abort.ts")>("http/server/response-abort.ts");
const loadUpgrade = lazy<typeof import("./upgrade.ts")>("http/server/upgrade.ts");

/** `SpanKind.SERVER` of the API. */
const SERVER = 1;

export interface HttpServerDeps {
  readonly tracer: TelltaleTracer;
  readonly headers: HeaderReader;
  readonly metrics: ServerMetrics;
  readonly knownMethods: KnownMethods;
  /** A request has failed, and of which errors, as far as we were told. */
  readonly onServerErrors: (unit: HttpServerRequest, failures: readonly unknown[]) => void;
  /** A request has come in. */
  readonly onStart: () => void;
  /** Something of ours threw; it must not reach the app. */
  readonly onInternalError: (error: unknown) => void;
}

/**
 * Wraps the `emit` of HTTP and HTTPS servers: the one place that every request
 * passes before any listener, framework or not. The end of a response comes by
 * Node's own diagnostics channel, the loss of a connection by one `close`
 * listener per connection: a request costs no listener and no patched method
 * but the one that writes the request id.
 */
export function installHttpServer(deps: HttpServerDeps): HttpServerInstrumentation {
  const tracer = new HttpServerTracer(deps);
  for (const prototype of [http.Server.prototype, https.Server.prototype]) {
    wrapEmit(prototype, (next, server, args) => emitWithContext(tracer, next, server, args));
  }
  // Servers over TLS have the method of `net`, which makes an `error` of the server's.
  for (const prototype of [http.Server.prototype, net.Server.prototype]) {
    wrapRejectionHandler(prototype, findUnitOfWork);
  }
  wrapStoreHeader();
  diagnosticsChannel.subscribe("http.server.response.finish", (message) => {
    const { request, response } = message as HttpExchange;
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

export interface HttpServerInstrumentation {
  /** For other ways in: the entry of a request, whose `leave` is then the caller's duty. */
  startRequest(request: IncomingMessage, headers: RequestHeaders): HttpServerRequest;
  /** The response is out, or its connection gone. Never throws. */
  finish(
    unit: HttpServerRequest,
    response: ResponseHead | undefined,
    abort: ResponseAbort | undefined,
  ): void;
  /**
   * From now on a request begins before other SDKs see it, which wrap `emit` of the
   * servers themselves; `activeOrUpcomingSpan` has its span then.
   */
  startEarly(): void;
  /** Emits an event of a server; one that brings a new request over HTTP/1 under its context. */
  emitWithContext(next: Emit, server: EventEmitter, args: EmitArgs): boolean;
  /** Whether any request has come in. */
  hasHandledRequests(): boolean;
  /** How many requests are under way. */
  inFlightCount(): number;
  /** Ends the requests that are under way: the process ends, and they with it. Never throws. */
  endAll(): void;
}

interface HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A request comes in here and goes out here. */
class HttpServerTracer implements HttpRequestDeps {
  readonly #deps: HttpServerDeps;
  readonly knownMethods: KnownMethods;
  /** The requests under way, by connection. */
  readonly #connections = new Set<HttpConnection>();
  #startsEarly = false;
  /** A request that began early, whose listeners are not called yet. */
  #startedEarly: { readonly request: IncomingMessage; readonly context: Context } | undefined =
    undefined;
  hasHandledRequests = false;
  inFlightCount = 0;

  constructor(deps: HttpServerDeps) {
    this.#deps = deps;
    this.knownMethods = deps.knownMethods;
  }

  /** Node tells of a request before it emits it. */
  startEarly(): void {
    if (this.#startsEarly) return;
    this.#startsEarly = true;
    diagnosticsChannel.subscribe("http.server.request.start", (message) => {
      const { request, response, server } = message as HttpExchange & { readonly server: object };
      const context =
        ADMIN_SERVER in server ? undefined : this.contextForRequest(request, response);
      if (context === undefined) return;
      this.#startedEarly = { request, context };
      setUpcomingSpan(context.span);
    });
  }

  /**
   * The context under which the listeners run; undefined if this is no new
   * request, or something of ours failed.
   */
  contextForRequest(request: unknown, response: unknown): Context | undefined {
    const started = this.#startedEarly;
    if (started !== undefined) {
      this.#startedEarly = undefined;
      if (started.request === request) return started.context;
    }
    try {
      if (!isNewRequest(request) || !isResponse(response)) return undefined;
      const headers = this.#deps.headers.read(request);
      const unit = this.startRequest(request, headers);
      unit.response = response;
      if (headers.hasBody) bindEmitter(unit, request);
      // It waits for the response to the request before.
      if (response.socket === null) bindEmitter(unit, response);
      this.#deps.metrics.requestStarted(unit);
      this.#watchResponseEnd(request, response, unit);
      return unit.context;
    } catch (error) {
      this.#deps.onInternalError(error);
      return undefined;
    }
  }

  startRequest(request: IncomingMessage, headers: RequestHeaders): HttpServerRequest {
    this.#deps.onStart();
    const connection = this.#connectionOf(request);
    const unit = new HttpServerRequest(request, headers, this, connection);
    const span = this.#startSpan(unit, headers.parent);
    unit.span = span;
    unit.context = contextFor(headers.parent, span, unit);
    this.hasHandledRequests = true;
    this.inFlightCount++;
    return unit;
  }

  /** Each step by itself: the fault of one keeps no other from what it has to do. */
  finish(
    unit: HttpServerRequest,
    response: ResponseHead | undefined,
    abort: ResponseAbort | undefined,
  ): void {
    if (unit.isFinished) return;
    unit.isFinished = true;
    this.inFlightCount--;
    unit.abort = abort;
    for (let step = 0; step < FINISH_STEPS;) {
      try {
        while (step < FINISH_STEPS) this.#finishStep(step++, unit, response);
      } catch (error) {
        this.#deps.onInternalError(error);
      }
    }
  }

  /** What is done at the end of a request, in this order. One function: each would be cold code. */
  #finishStep(step: number, unit: HttpServerRequest, response: ResponseHead | undefined): void {
    const { metrics, onServerErrors } = this.#deps;
    switch (step) {
      case 0:
        unit.connection.remove(unit);
        return;
      case 1:
        unit.endedAt = now();
        return;
      case 2:
        unit.finalize(response);
        return;
      case 3:
        if (hasFailureInfo(unit)) loadBreakage().settleFailure(unit);
        metrics.bindSeries(unit);
        return;
      case 4:
        if (unit.failed) onServerErrors(unit, failuresOf(unit));
        return;
      case 5:
        endSpan(unit);
        return;
      default:
        metrics.requestEnded(unit);
    }
  }

  /**
   * The connection is gone. What the app hears of it, it hears in the request's
   * context and, as far as it hears at once, before the end. A response that it
   * begins now reaches nobody, but what it fails of is found out still.
   */
  onConnectionClosed(unit: HttpServerRequest, socket: Socket): void {
    const { request, response } = unit;
    let isResponseStarted = true;
    try {
      isResponseStarted = response?.headersSent === true;
      if (request !== undefined) registerDetached(request, unit);
      for (const message of [request, response]) {
        if (message !== undefined) bindEmitter(unit, message);
      }
    } catch (error) {
      this.#deps.onInternalError(error);
    }
    const abort = this.#abortOf(unit, response, socket);
    process.nextTick(() => {
      if (!isResponseStarted) unit.statusCode = undefined;
      this.finish(unit, isResponseStarted ? response : undefined, abort);
    });
  }

  #abortOf(...ends: Parameters<ReturnType<typeof loadBreakage>["responseAbortOf"]>): ResponseAbort {
    try {
      return loadBreakage().responseAbortOf(...ends);
    } catch (error) {
      this.#deps.onInternalError(error);
      return ABORTED_BY_CLIENT;
    }
  }

  /** A request that is over has failed: the event is all that can tell of it. */
  onLateFailure(unit: HttpServerRequest, error: unknown): void {
    try {
      const report = (): void => this.#deps.onServerErrors(unit, [error]);
      if (unit.abort?.by !== "client") report();
      else loadBreakage().reportUnlessHandled(unit, error, report);
    } catch (internalError) {
      this.#deps.onInternalError(internalError);
    }
  }

  endAll(): void {
    for (const { units } of this.#connections) {
      // A copy: leaving takes the entry off the list.
      for (const unit of [...units]) {
        if (!(unit instanceof HttpServerRequest)) continue;
        const { response } = unit;
        this.finish(unit, response, response?.writableEnded === true ? undefined : ABORTED_BY_EXIT);
      }
    }
  }

  /** An error that nobody caught: the request that it comes from fails, whatever becomes of the process. */
  recordFatalError(error: unknown): void {
    try {
      const unit = runInThrowContext(activeUnitOfWork);
      const span = unit?.span;
      if (span === undefined || !span.isRecording()) return;
      if (unit instanceof HttpServerRequest) {
        unit.recordFailure(error);
        return;
      }
      span.setStatus({ code: STATUS_ERROR });
      if (!(error instanceof Error)) return;
      span.setAttribute("error.type", error.name);
      span.recordException(error);
    } catch (internalError) {
      this.#deps.onInternalError(internalError);
    }
  }

  #startSpan(unit: HttpServerRequest, parent: ApiContext): ReturnType<TelltaleTracer["start"]> {
    const span = this.#deps.tracer.start(
      unit.spanName,
      SERVER,
      NO_OPTIONS,
      parent,
      spanIn(parent),
      unit.startedAt,
    );
    if (span instanceof TelltaleSpan) {
      span.setInstrumentationAttributes(unit);
      unit.localTrace = span.localTrace;
    }
    return span;
  }

  /**
   * Node tells of the end of a response if it has parsed the request. One that
   * an app emits by hand (from HTTP/2, or from no network at all) is followed
   * by listeners; the response to an upgrade is the socket itself.
   */
  #watchResponseEnd(
    request: IncomingMessage,
    response: ServerResponse,
    unit: HttpServerRequest,
  ): void {
    unit.connection.units.push(unit);
    const socket = request.socket as HttpSocket | undefined;
    if (socket?.[IN_FLIGHT] !== unit.connection) registerDetached(request, unit);
    if ((request as { readonly upgrade?: boolean }).upgrade === true) {
      const { onUpgradeResponse } = loadUpgrade();
      onUpgradeResponse(response, (responseHead) => this.finish(unit, responseHead, undefined));
      return;
    }
    if (socket?.parser?.incoming === request) return;
    response.once("finish", () => this.finish(unit, response, undefined));
    response.once("close", () =>
      this.finish(unit, response, this.#abortOf(unit, response, response)),
    );
  }

  /** The one that all requests of a socket share; its own for a request that no socket brought. */
  #connectionOf(request: IncomingMessage): HttpConnection {
    const socket = request.socket as HttpSocket | undefined;
    const known = socket?.[IN_FLIGHT];
    if (known instanceof HttpConnection) return known;
    const connection = new HttpConnection(socket);
    if (typeof socket?.prependOnceListener === "function")
      this.#watchConnection(socket, connection);
    return connection;
  }

  #watchConnection(socket: HttpSocket, connection: HttpConnection): void {
    socket[IN_FLIGHT] = connection;
    this.#connections.add(connection);
    // Before Node tells the messages of the connection.
    socket.prependOnceListener("close", () => {
      this.#connections.delete(connection);
      for (const unit of connection.units)
        if (unit instanceof HttpServerRequest) this.onConnectionClosed(unit, socket);
    });
  }
}

type HttpSocket = Socket &
  SocketWithRequests & {
    /** Node's, where it reads HTTP/1 from the connection. */
    readonly parser?: { readonly incoming?: unknown } | null;
  };

/** Of the end of a request. */
const FINISH_STEPS = 7;

const NO_OPTIONS = Object.freeze({});

function contextFor(
  parent: ApiContext,
  span: HttpServerRequest["span"],
  unit: HttpServerRequest,
): Context {
  if (parent === ROOT_CONTEXT) return new Context(span, unit, false, undefined);
  return (parent as Context).withSpan(span).withUnitOfWork(unit);
}

function endSpan(unit: HttpServerRequest): void {
  const span = unit.span;
  if (span === undefined || !span.isRecording()) return;
  if (unit.route !== undefined) span.updateName(unit.rpc?.spanName ?? unit.spanName);
  if (unit.failed) failSpan(span, unit);
  span.end(unit.endedAt);
}

/** Those of another realm (Next's edge runtime, Jest) have a class of their own; a proxy may throw. */
function isErrorObject(reason: unknown): reason is Error {
  try {
    return types.isNativeError(reason) || reason instanceof Error;
  } catch {
    return false;
  }
}

/** Whether there is something to find out at the end. */
function hasFailureInfo({ abort, error, failures, rpc }: HttpServerRequest): boolean {
  return abort !== undefined || error !== undefined || failures !== undefined || rpc !== undefined;
}

function failSpan(span: Span, unit: HttpServerRequest): void {
  span.setStatus({ code: STATUS_ERROR });
  for (const reason of failuresOf(unit)) {
    if (isErrorObject(reason)) span.recordException(reason, unit.endedAt);
  }
}

/**
 * The events that bring a request. The two for `Expect` come where an app
 * answers it itself, mostly by emitting `request` thereafter: that makes no
 * second entry. `upgrade` comes with the socket in the response's place, where
 * somebody listens for it. All other events pass untouched.
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

/** Whether it is a request, and one that has not come in before. */
function isNewRequest(request: unknown): request is IncomingMessage {
  return typeof request === "object" && request !== null && unitOfWorkOf(request) === undefined;
}

/** Whether its end can be seen: what an app emits by hand may be anything. */
function isResponse(response: unknown): response is ServerResponse {
  return typeof (response as Partial<ServerResponse> | null | undefined)?.once === "function";
}
