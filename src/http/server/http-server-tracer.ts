import diagnosticsChannel from "node:diagnostics_channel";
import type { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Context as ApiContext, Span } from "@opentelemetry/api";
import { OWN_SERVER } from "../../context/own-server.ts";
import { Context, ROOT_CONTEXT, spanIn, suppressTracing } from "../../context/context.ts";
import { type Emit, type EmitArgs, bindEmitter } from "../../context/emit.ts";
import { IN_FLIGHT, registerDetached, unitOfWorkOf } from "../../context/in-flight-requests.ts";
import { callWithContext, setUpcomingSpan } from "../../context/manager.ts";
import type { UserReader } from "../../context/unit-views.ts";
import { lazy } from "../../lazy.ts";
import { isRecordedSpan } from "../../traces/own-tracer.ts";
import type { KnownMethods } from "../method.ts";
import { finishRequest } from "./finish-request.ts";
import { HttpConnections, type HttpSocket } from "./http-connections.ts";
import type { HttpServerDeps, HttpServerInstrumentation } from "./http-server-instrumentation.ts";
import {
  type HttpRequestDeps,
  type RequestHeaders,
  type ResponseAbort,
  type ResponseHead,
  ABORTED_BY_CLIENT,
  ABORTED_BY_EXIT,
  HttpServerRequest,
} from "./server-request.ts";

const loadResponseAbort = lazy<typeof import("./response-abort.ts")>(
  "http/server/response-abort.ts",
);
const loadUpgrade = lazy<typeof import("./upgrade.ts")>("http/server/upgrade.ts");

/** `SpanKind.SERVER` of the API. */
const SERVER = 1;

/** Of requests that the app ignores: what they cause has no spans. */
const SUPPRESSED_CONTEXT = suppressTracing(ROOT_CONTEXT) as Context;

const NO_OPTIONS = Object.freeze({});

/** Starts and finishes the unit of work of each request of HTTP servers. */
export class HttpServerTracer implements HttpServerInstrumentation, HttpRequestDeps {
  readonly #deps: HttpServerDeps;
  readonly knownMethods: KnownMethods;
  readonly userReader: UserReader | undefined;
  readonly keepsHeaders: boolean;
  readonly #connections = new HttpConnections((unit, socket) =>
    this.#onConnectionClosed(unit, socket),
  );
  #startsEarly = false;
  /** A request that was started early, whose listeners have not been called yet. */
  #startedEarly: { readonly request: IncomingMessage; readonly context: Context } | undefined =
    undefined;
  #hasHandledRequests = false;
  #inFlightCount = 0;

  constructor(deps: HttpServerDeps) {
    this.#deps = deps;
    this.knownMethods = deps.knownMethods;
    this.userReader = deps.userReader;
    this.keepsHeaders = deps.keepsHeaders;
  }

  hasHandledRequests(): boolean {
    return this.#hasHandledRequests;
  }

  inFlightCount(): number {
    return this.#inFlightCount;
  }

  /** Starts requests on Node's channel, which publishes a request before the server emits it. */
  startEarly(): void {
    if (this.#startsEarly) return;
    this.#startsEarly = true;
    diagnosticsChannel.subscribe("http.server.request.start", (message) => {
      const { request, response, server } = message as {
        readonly request: IncomingMessage;
        readonly response: ServerResponse;
        readonly server: object;
      };
      const context = OWN_SERVER in server ? undefined : this.#contextForRequest(request, response);
      if (context === undefined) return;
      this.#startedEarly = { request, context };
      setUpcomingSpan(context.span);
    });
  }

  /**
   * Emits an event of a server; one that has a request is emitted in the context of
   * the request. The two events for `Expect` are emitted where an app handles it
   * itself, mostly by emitting `request` afterwards: that starts no second unit of
   * work. `upgrade`, emitted where the app listens for it, has the socket in the
   * place of the response. All other events are passed through unchanged.
   */
  emitWithContext(next: Emit, server: EventEmitter, args: EmitArgs): boolean {
    const event = args[0];
    if (
      event !== "request" &&
      event !== "upgrade" &&
      event !== "checkContinue" &&
      event !== "checkExpectation"
    ) {
      return Reflect.apply(next, server, args);
    }
    const context = OWN_SERVER in server ? undefined : this.#contextForRequest(args[1], args[2]);
    if (context === undefined) return Reflect.apply(next, server, args);
    return callWithContext(context, next, server, args);
  }

  /**
   * Starts a request, unless it was started early, and returns the context of its
   * listeners; undefined if it is no new request, or if telltale failed.
   */
  #contextForRequest(request: unknown, response: unknown): Context | undefined {
    const started = this.#startedEarly;
    if (started !== undefined) {
      this.#startedEarly = undefined;
      if (started.request === request) return started.context;
    }
    try {
      if (!isNewRequest(request) || !isResponse(response)) return undefined;
      if (this.#deps.hooks?.ignores(request) === true) return SUPPRESSED_CONTEXT;
      const headers = this.#deps.headers.read(request);
      const unit = this.#start(request, headers);
      unit.response = response;
      if (headers.hasBody) bindEmitter(unit, request);
      // Without a socket, it waits for the response of the previous request.
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
    const unit = this.#start(request, headers);
    this.#deps.metrics.requestStarted(unit);
    return unit;
  }

  #start(request: IncomingMessage, headers: RequestHeaders): HttpServerRequest {
    this.#deps.onStart();
    const { workObserver } = this.#deps;
    workObserver?.arriving(request);
    const connection = this.#connections.of(request);
    const unit = new HttpServerRequest(request, headers, this, connection);
    const span = this.#startSpan(unit, headers.parent);
    unit.span = span;
    unit.context = contextFor(headers.parent, span, unit);
    this.#hasHandledRequests = true;
    this.#inFlightCount++;
    workObserver?.started(unit);
    return unit;
  }

  /** Finishes a request, once: several events may report its end. */
  finish(
    unit: HttpServerRequest,
    response: ResponseHead | undefined,
    abort: ResponseAbort | undefined,
  ): void {
    if (unit.isFinished) return;
    unit.isFinished = true;
    this.#inFlightCount--;
    unit.abort = abort;
    finishRequest(this.#deps, unit, response);
  }

  endAll(): void {
    for (const unit of this.#connections.requests()) {
      const { response } = unit;
      this.finish(unit, response, response?.writableEnded === true ? undefined : ABORTED_BY_EXIT);
    }
  }

  /** Captures an error that was recorded after the end of its request: only an event can report it. */
  onLateFailure(unit: HttpServerRequest, error: unknown): void {
    try {
      const report = (): void => this.#deps.onServerErrors(unit, [error]);
      if (unit.abort?.by !== "client") report();
      else loadResponseAbort().reportUnlessHandled(unit, error, report);
    } catch (internalError) {
      this.#deps.onInternalError(internalError);
    }
  }

  #startSpan(unit: HttpServerRequest, parent: ApiContext): Span {
    const span = this.#deps.tracer.start(
      unit.spanName,
      SERVER,
      this.#deps.tracer.readsAttributes ? { attributes: unit.startAttributes() } : NO_OPTIONS,
      parent,
      spanIn(parent),
      unit.startedAt,
    );
    if (isRecordedSpan(span)) {
      span.setInstrumentationAttributes(unit);
      unit.localTrace = span.localTrace;
      this.#deps.tracer.notifyStart(span, parent);
      const { request } = unit;
      if (request !== undefined) this.#deps.hooks?.started(span, request);
    }
    return span;
  }

  /**
   * Watches for the end of a response where Node's channel does not publish it:
   * Node publishes it only for a request that it has parsed. A request that an app
   * emits itself (from HTTP/2, or without a network) gets listeners; the response
   * to an upgrade is the socket itself.
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

  /**
   * Finishes a request whose connection was closed, after the synchronous `close`
   * listeners of the app, which run in the request's context. A response that the
   * app starts now is sent to no client, but its errors are still recorded.
   */
  #onConnectionClosed(unit: HttpServerRequest, socket: Socket): void {
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

  #abortOf(
    ...ends: Parameters<ReturnType<typeof loadResponseAbort>["responseAbortOf"]>
  ): ResponseAbort {
    try {
      return loadResponseAbort().responseAbortOf(...ends);
    } catch (error) {
      this.#deps.onInternalError(error);
      return ABORTED_BY_CLIENT;
    }
  }
}

function contextFor(
  parent: ApiContext,
  span: HttpServerRequest["span"],
  unit: HttpServerRequest,
): Context {
  if (parent === ROOT_CONTEXT) return new Context(span, unit, false, undefined);
  return (parent as Context).withSpan(span).withUnitOfWork(unit);
}

/** Whether it is a request, and was not started before. */
function isNewRequest(request: unknown): request is IncomingMessage {
  return typeof request === "object" && request !== null && unitOfWorkOf(request) === undefined;
}

/** Whether its end can be observed: an app may emit any object. */
function isResponse(response: unknown): response is ServerResponse {
  return typeof (response as Partial<ServerResponse> | null | undefined)?.once === "function";
}
