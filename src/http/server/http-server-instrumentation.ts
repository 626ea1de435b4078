import type { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Span } from "@opentelemetry/api";
import type { Emit, EmitArgs } from "../../context/emit.ts";
import type { RequestLog, WorkObserver } from "../../context/unit-views.ts";
import type { TimingHeaders } from "../../development/timing-headers.ts";
import type { RequestSummary } from "../../metrics/summary/request-summary.ts";
import type { OwnTracer } from "../../traces/own-tracer.ts";
import type { KnownMethods } from "../method.ts";
import type { HeaderReader } from "./header-reader.ts";
import type { ServerMetrics } from "./server-metrics.ts";
import type {
  HttpRequestDeps,
  HttpServerRequest,
  RequestHeaders,
  ResponseAbort,
  ResponseHead,
} from "./server-request.ts";

/** Functions of the app that see each request. None of them throws. */
export interface RequestHooks {
  /** Whether a request gets no unit of work, and what it does no spans. */
  ignores(request: IncomingMessage): boolean;
  started(span: Span, request: IncomingMessage): void;
  /** Called when route and status are final. Returns the name of the span, if it is another one. */
  ending(
    span: Span,
    request: IncomingMessage | undefined,
    response: ResponseHead | undefined,
    route: string | undefined,
  ): string | undefined;
}

/** Collaborators of the instrumentation of HTTP servers. */
export interface HttpServerDeps extends Pick<HttpRequestDeps, "userReader" | "keepsHeaders"> {
  readonly tracer: OwnTracer;
  readonly headers: HeaderReader;
  readonly metrics: ServerMetrics;
  readonly knownMethods: KnownMethods;
  /** Called with the errors of a failed request, as far as they are known. */
  readonly onServerErrors: (unit: HttpServerRequest, failures: readonly unknown[]) => void;
  /** Called at the end of each request, but not of the handshake of a WebSocket. */
  readonly onEnded: (unit: HttpServerRequest) => void;
  /** Called at the end of each request with status 429. */
  readonly onRateLimited: (unit: HttpServerRequest) => void;
  /** Returns the summary to which each request is added. */
  readonly requests: () => RequestSummary;
  /** Undefined if no request is logged. */
  readonly requestLog: RequestLog | undefined;
  /** Called at the start of each request. */
  readonly onStart: () => void;
  /** Learns of each request; undefined unless the app is being developed. */
  readonly workObserver?: WorkObserver | undefined;
  /** Headers with the times of each request; undefined unless the app is being developed. */
  readonly timings?: TimingHeaders | undefined;
  /** Called with an error of telltale, which must not reach the app. */
  readonly onInternalError: (error: unknown) => void;
  /** Hooks of the app, which may be set later. */
  hooks?: RequestHooks | undefined;
}

/** Instrumentation of HTTP servers, as used by HTTP/2 and by the rest of the preload. */
export interface HttpServerInstrumentation {
  /** Starts a request of another protocol than HTTP/1. The caller must `finish` it. */
  startRequest(request: IncomingMessage, headers: RequestHeaders): HttpServerRequest;
  /** Finishes a request: its response is sent, or its connection closed. Never throws. */
  finish(
    unit: HttpServerRequest,
    response: ResponseHead | undefined,
    abort: ResponseAbort | undefined,
  ): void;
  /**
   * Starts each later request before other SDKs see it, which wrap `emit` of the
   * servers themselves. `activeOrUpcomingSpan` returns its span then.
   */
  startEarly(): void;
  /** Emits an event of a server; a new request over HTTP/1 is emitted in its context. */
  emitWithContext(next: Emit, server: EventEmitter, args: EmitArgs): boolean;
  /** Whether any request has started. */
  hasHandledRequests(): boolean;
  /** Number of requests in flight. */
  inFlightCount(): number;
  /** Ends the requests in flight at process exit. Never throws. */
  endAll(): void;
}
