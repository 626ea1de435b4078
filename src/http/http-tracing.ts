import { lazy } from "../lazy.ts";
import type { Config } from "../config/config.ts";
import { SPAN_KEY } from "../context/context.ts";
import { activeContext } from "../context/manager.ts";
import type { LimitedUnit, RequestLog, UserReader, WorkObserver } from "../context/unit-views.ts";
import type { OutgoingCalls } from "../context/outgoing.ts";
import type { TimingHeaders } from "../development/timing-headers.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { UnsentTelemetry } from "../diagnostics/unsent-telemetry.ts";
import type { Errors } from "../errors/api.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { RequestSummary } from "../metrics/summary/request-summary.ts";
import type { CompositePropagator } from "../traces/propagation/propagator.ts";
import type { Traces } from "../traces/traces.ts";
import { version } from "../version.ts";
import type { HttpClientDeps } from "./client/client-call.ts";
import { ClientMetrics } from "./client/client-metrics.ts";
import { HeaderReader } from "./server/header-reader.ts";
import { installHttpClient } from "./client/http-client.ts";
import type { HttpServerDeps, RequestHooks } from "./server/http-server-instrumentation.ts";
import { installHttpServer } from "./server/http-server.ts";
import { installHttp2Server } from "./server/http2.ts";
import { OpenResponses } from "./client/open-responses.ts";
import { withRequestId } from "./client/request-id-propagator.ts";
import { ABORTED_BY_EXIT } from "./server/server-request.ts";
import { ServerMetrics } from "./server/server-metrics.ts";
import { installUndici } from "./client/undici.ts";

const loadFrameworkUser = lazy<typeof import("./server/framework-user.ts")>(
  "http/server/framework-user.ts",
);
const loadOutgoing = lazy<typeof import("./client/outgoing-calls.ts")>(
  "http/client/outgoing-calls.ts",
);

export interface HttpTracingDeps {
  readonly config: Config;
  readonly traces: Traces;
  readonly metrics: Metrics;
  readonly errors: Errors;
  readonly propagator: CompositePropagator;
  readonly diagnostics: Diagnostics;
  readonly unsent: UnsentTelemetry;
  /** Returns the summary of requests, loaded at the first one. */
  readonly requests: () => RequestSummary;
  /** Called at the end of each request with status 429. */
  readonly onRateLimited: (request: LimitedUnit) => void;
  /** Undefined if no request is logged. */
  readonly requestLog: RequestLog | undefined;
  /** Learns of each request; undefined unless the app is being developed. */
  readonly workObserver?: WorkObserver | undefined;
  /** Headers with the times of each request; undefined unless the app is being developed. */
  readonly timings?: TimingHeaders | undefined;
  /** Whether an instrumentation is enabled, by its name in `OTEL_NODE_*_INSTRUMENTATIONS`. */
  readonly isEnabled: (name: "http" | "undici") => boolean;
}

/** Installs the instrumentation of HTTP servers and clients. */
export function installHttpTracing(deps: HttpTracingDeps): HttpTracing {
  const shared: SharedDeps = {
    tracer: deps.traces.provider.getTracer("telltale/http", version),
    knownMethods: new Set(deps.config.knownMethods),
    onInternalError: internalErrorReporter(deps.diagnostics),
  };
  const client = createClientDeps(deps, shared);
  const hasHttp = deps.isEnabled("http");
  if (deps.isEnabled("undici")) installUndici(client);
  if (hasHttp) installHttpClient(client);
  const servers = hasHttp ? installServers(deps, shared) : NO_SERVERS;
  return {
    ...servers,
    outgoing: () => loadOutgoing().createOutgoingCalls(client),
    endAll() {
      client.openResponses.endAll();
      servers.endAll();
    },
  };
}

/** Collaborators of servers and clients alike. */
type SharedDeps = Pick<HttpClientDeps, "tracer" | "knownMethods" | "onInternalError">;

function internalErrorReporter(diagnostics: Diagnostics): (error: unknown) => void {
  return (error) => {
    try {
      diagnostics.error("http", `a request could not be recorded: ${describeError(error)}`);
    } catch {
      // Even then no error of telltale reaches the app.
    }
  };
}

function createClientDeps(
  { metrics, propagator }: HttpTracingDeps,
  shared: SharedDeps,
): HttpClientDeps {
  return {
    ...shared,
    propagator: withRequestId(propagator),
    metrics: new ClientMetrics(metrics.meter),
    openResponses: new OpenResponses(shared.onInternalError),
    contextWithSpan: (span) => activeContext().setValue(SPAN_KEY, span),
  };
}

function installServers(deps: HttpTracingDeps, shared: SharedDeps): ServerTracing {
  const { config, metrics, propagator, errors, unsent, requestLog } = deps;
  const headers = new HeaderReader(propagator, propagator.extractFields());
  const serverDeps: HttpServerDeps = {
    ...shared,
    headers,
    metrics: new ServerMetrics(metrics, config.metrics.bodySizes),
    userReader: createUserReader(config),
    keepsHeaders: needsHeaders(config),
    requestLog,
    workObserver: deps.workObserver,
    timings: deps.timings,
    requests: deps.requests,
    onRateLimited: deps.onRateLimited,
    onServerErrors: (unit, failures) => errors.captureServerErrors(unit, failures),
    onEnded: (unit) => errors.countRequest(unit, unit.endedAt, unit.abort === ABORTED_BY_EXIT),
    onStart: () => unsent.mark(),
  };
  const server = installHttpServer(serverDeps);
  const { onInternalError } = shared;
  const { timings } = deps;
  const streams = installHttp2Server({ server, headers, timings, onInternalError });
  return {
    setRequestHooks: (hooks) => {
      serverDeps.hooks = hooks;
    },
    onPropagatorReplaced: () => headers.setFields(propagator.extractFields()),
    startEarly: () => server.startEarly(),
    hasHandledRequests: () => server.hasHandledRequests(),
    inFlightCount: () => server.inFlightCount(),
    endAll() {
      server.endAll();
      streams.endAll();
    },
  };
}

function createUserReader({ userFields }: Config): UserReader | undefined {
  return userFields.length === 0 ? undefined : loadFrameworkUser().createUserReader(userFields);
}

/** Whether events have headers, which also contain the cookies. */
function needsHeaders({ errors: { dsn, dataCollection } }: Config): boolean {
  return (
    dsn !== undefined && dataCollection.some((name) => name === "httpHeaders" || name === "cookies")
  );
}

type ServerTracing = Omit<HttpTracing, "outgoing">;

/** Stands for the servers where their instrumentation is disabled. */
const NO_SERVERS: ServerTracing = {
  setRequestHooks() {},
  onPropagatorReplaced() {},
  startEarly() {},
  hasHandledRequests: () => false,
  inFlightCount: () => 0,
  endAll() {},
};

export interface HttpTracing {
  /** Returns the tracing of clients without a diagnostics channel of Node; loads it. */
  readonly outgoing: () => OutgoingCalls;
  /** Sets the hooks of the app, which see each later request. */
  setRequestHooks(hooks: RequestHooks): void;
  /** Reads the headers of the propagators that have been replaced by those of the app. */
  onPropagatorReplaced(): void;
  /** Starts requests early, for the Sentry of an app: see `HttpServerInstrumentation`. */
  startEarly(): void;
  /** Whether any request has started. */
  hasHandledRequests(): boolean;
  /** Number of requests in flight. */
  inFlightCount(): number;
  /** Ends the requests in flight, and the outgoing calls whose response has started, at process exit. Never throws. */
  endAll(): void;
}

/** Returns one line with the error and the place where it was thrown. */
function describeError(error: unknown): string {
  const frame = (error as Error).stack?.split("\n").find((line) => /^\s+at /.test(line));
  return frame === undefined ? String(error) : `${String(error)} (${frame.trim()})`;
}
