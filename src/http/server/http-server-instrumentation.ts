import type { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Emit, EmitArgs } from "../../context/emit.ts";
import type { RequestLog } from "../../context/unit-views.ts";
import type { RequestSummary } from "../../metrics/summary/request-summary.ts";
import type { TelltaleTracer } from "../../traces/tracer.ts";
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

/** Collaborators of the instrumentation of HTTP servers. */
export interface HttpServerDeps extends Pick<HttpRequestDeps, "userReader" | "keepsHeaders"> {
  readonly tracer: TelltaleTracer;
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
  /** Called with an error of telltale, which must not reach the app. */
  readonly onInternalError: (error: unknown) => void;
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
