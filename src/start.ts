import { fstatSync } from "node:fs";
import type { Resource } from "@opentelemetry/resources";
import { isInternalThread, isMainThread } from "node:worker_threads";
import type { SpanProcessor } from "@opentelemetry/sdk-trace";
import type { AdminDeps } from "./admin/deps.ts";
import type { MountedPages } from "./admin/mounted-pages.ts";
import { createAdmin } from "./admin/server.ts";
import type { AlertsDeps } from "./alerts/alerts.ts";
import { createLazyAlerts, type LazyAlerts } from "./alerts/lazy-alerts.ts";
import { claimStart, type LoggerApi, publishApi, type PreloadApi } from "./api.ts";
import type { CacheRegistry } from "./caches/caches.ts";
import type { Config } from "./config/config.ts";
import { parseConfig } from "./config/parse.ts";
import type { ConfigIssue } from "./config/issue.ts";
import { formatIssues } from "./config/report.ts";
import { addToTrail } from "./context/breadcrumb-trail.ts";
import { StorageContextManager } from "./context/manager.ts";
import { keepActiveTrace, logIdsIn, setOrganization, setRequestId } from "./context/unit-access.ts";
import { Diagnostics } from "./diagnostics/diagnostics.ts";
import {
  createTelemetryCounters,
  type TelemetryCounters,
} from "./diagnostics/telemetry-counters.ts";
import { UnsentTelemetry } from "./diagnostics/unsent-telemetry.ts";
import { type Environment, nodeFlags, readEnvironment } from "./env.ts";
import type { Errors } from "./errors/api.ts";
import { createErrors } from "./errors/errors.ts";
import { hasAppClient } from "./errors/sentry-carrier.ts";
import type { Pipeline } from "./export/pipeline.ts";
import { createHealth, type Health } from "./health/health.ts";
import { type HttpTracing, type HttpTracingDeps, installHttpTracing } from "./http/http-tracing.ts";
import {
  isInstrumentationEnabled,
  knownInstrumentations,
} from "./instrumentation/enabled-instrumentations.ts";
import { installInstrumentations } from "./instrumentation/loader.ts";
import { patchConsole } from "./instrumentation/loggers/console/patch-console.ts";
import { lazy } from "./lazy.ts";
import type { LoggerDeps } from "./logger/logger-api.ts";
import { installLifecycle } from "./lifecycle/lifecycle.ts";
import { addActiveIds } from "./logs/correlation.ts";
import type { LogObserver } from "./logs/log-observer.ts";
import type { AppEvents } from "./logs/events/app-events.ts";
import { createLogs, type Logs } from "./logs/logs.ts";
import { createRequestLog } from "./logs/events/request-log.ts";
import { createLazyMessagingTracer, type LazyMessagingTracer } from "./messaging/lazy-messaging.ts";
import type { InstrumentsApi } from "./metrics-api.ts";
import { createMetrics, type Metrics } from "./metrics/metrics.ts";
import type { RequestSummary } from "./metrics/summary/request-summary.ts";
import { createRedactor } from "./redaction/redactor.ts";
import { registeredSdk, registerApi } from "./register-api.ts";
import { createResource } from "./resource/resource.ts";
import { type CompositePropagator, createPropagator } from "./traces/propagation/propagator.ts";
import type { OnClientSpan } from "./traces/tracer.ts";
import { createTraces, type Traces } from "./traces/traces.ts";
import { version } from "./version.ts";

const loadRelease = lazy<typeof import("./resource/release.ts")>("resource/release.ts");
const loadLoggerApi = lazy<typeof import("./logger/logger-api.ts")>("logger/logger-api.ts");
const loadAppEvents = lazy<typeof import("./logs/events/app-events.ts")>(
  "logs/events/app-events.ts",
);
const loadSqlLog = lazy<typeof import("./logs/events/sql-log.ts")>("logs/events/sql-log.ts");
const loadLevelSignal = lazy<typeof import("./logs/levels/level-signal.ts")>(
  "logs/levels/level-signal.ts",
);
const loadRequestSummary = lazy<typeof import("./metrics/summary/request-summary.ts")>(
  "metrics/summary/request-summary.ts",
);
const loadInstruments = lazy<typeof import("./metrics/app-instruments.ts")>(
  "metrics/app-instruments.ts",
);
const loadMountedPages = lazy<typeof import("./admin/mounted-pages.ts")>("admin/mounted-pages.ts");
const loadLineBuffer = lazy<typeof import("./logs/buffer/line-buffer.ts")>(
  "logs/buffer/line-buffer.ts",
);
const loadCaches = lazy<typeof import("./caches/caches.ts")>("caches/caches.ts");

/**
 * Starts the preload, once per thread, however many copies of it are loaded. An
 * error in here never stops the app: it runs on without telemetry.
 */
export function start(): void {
  // Node's thread for `module.register` (tsx uses it on 22) runs `--require` preloads too. It runs
  // no code of the app, and can't load telltale's lazy modules.
  if (isInternalThread || !claimStart()) return;
  try {
    configureAndStart(readEnvironment());
  } catch (error) {
    writeToStderr(`telltale: could not start, nothing is recorded: ${String(error)}\n`);
  }
}

function configureAndStart(environment: Environment): void {
  const { config, issues } = parseConfig(environment, knownInstrumentations);
  if (config.disabled) return;
  const diagnostics = new Diagnostics(config.logLevel, writeToStderr);
  reportIssues(issues, diagnostics);
  if (hasRegisteredSdk(diagnostics)) return;
  warnWithoutApp(diagnostics);
  assemble(config, diagnostics);
}

function assemble(config: Config, diagnostics: Diagnostics): void {
  const signals = createSignals(config, diagnostics);
  registerSignals(signals);
  bufferLines(signals);
  const tracing = instrumentLibraries(signals);
  watchEnd(signals, tracing);
  runSignals(signals, tracing);
}

interface Signals {
  readonly config: Config;
  readonly diagnostics: Diagnostics;
  readonly counters: TelemetryCounters;
  readonly unsent: UnsentTelemetry;
  readonly traces: Traces;
  readonly metrics: Metrics;
  readonly logs: Logs;
  readonly errors: Errors;
  readonly alerts: LazyAlerts;
  readonly propagator: CompositePropagator;
  readonly health: Health;
  readonly requests: () => RequestSummary;
  readonly logger: () => LoggerApi;
  readonly pipelines: readonly Pipeline[];
}

function createSignals(config: Config, diagnostics: Diagnostics): Signals {
  const counters = createTelemetryCounters();
  const unsent = new UnsentTelemetry();
  const redactor = createRedactor(config.redaction, (key, text) => diagnostics.warn(key, text));
  const resource = createResource(config);
  const { flushTimeoutMs } = config;
  const shared = { resource, redactor, diagnostics, unsent, flushTimeoutMs };
  const errors = createErrors({
    ...shared,
    ...lazyRelease(config, resource),
    config: config.errors,
    nodeFlags: nodeFlags(),
    counters: counters.events,
    meter: () => metrics.meter,
  });
  const alerts = createAlerts(config, shared);
  const observed = { ...shared, ...createObservers(config, errors) };
  const logs = createLogs({ ...observed, config: config.logs, counters });
  const processors = createProcessors(config, logs);
  const spans = { config: config.traces, counters: counters.spans, processors };
  const traces = createTraces({ ...observed, ...spans });
  const metrics = createMetrics({ ...shared, config, counters });
  return {
    config,
    diagnostics,
    counters,
    unsent,
    traces,
    metrics,
    logs,
    errors,
    alerts,
    propagator: propagatorOf(config),
    health: createHealth({ config, counters }),
    requests: createLazyRequestSummary(metrics),
    logger: createLazyLoggerApi(config, shared),
    pipelines: [traces.pipeline, logs.pipeline, errors.pipeline, alerts, metrics, logs.files],
  };
}

/** Returns what detects release and environment, when they are needed. */
function lazyRelease(
  config: Config,
  { attributes }: Resource,
): Pick<Parameters<typeof createErrors>[0], "release" | "environment"> {
  return {
    release: () => loadRelease().detectRelease(config, attributes)?.name,
    environment: () => loadRelease().detectEnvironment(config),
  };
}

function propagatorOf({ propagators, extractOnly }: Config): CompositePropagator {
  return createPropagator(propagators, { sentry: extractOnly.includes("sentry") });
}

function createAlerts(
  config: Config,
  deps: Pick<AlertsDeps, "redactor" | "diagnostics" | "unsent"> & { readonly resource: Resource },
): LazyAlerts {
  const { release, environment } = lazyRelease(config, deps.resource);
  return createLazyAlerts(config.alertReceiver, {
    ...deps,
    traceUrl: config.errors.traceUrl,
    source: () => ({
      service: String(deps.resource.attributes["service.name"]),
      environment: environment(),
      release: release(),
    }),
  });
}

/** Creates what logs each query, if that is asked for. */
function createProcessors({ logs: { queries } }: Config, { provider }: Logs): SpanProcessor[] {
  return queries ? [loadSqlLog().createSqlLog(provider)] : [];
}

/** What the other pipelines learn of spans and lines. */
interface Observers {
  readonly onClientSpan?: OnClientSpan;
  readonly logObserver?: LogObserver;
}

/** Returns what remembers calls, queries and lines for breadcrumbs, and captures the errors of lines. */
function createObservers(config: Config, errors: Errors): Observers {
  const { dsn, breadcrumbs, logEvents } = config.errors;
  if (dsn === undefined) return {};
  const addsLines = breadcrumbs.includes("log");
  const addsSpans = breadcrumbs.some((kind) => kind !== "log");
  return {
    ...(addsSpans && { onClientSpan: (span, context) => addToTrail(logIdsIn(context), span) }),
    ...((addsLines || logEvents) && {
      logObserver: {
        addRecord: addsLines ? (record, { unit }) => addToTrail(unit, record) : undefined,
        captureError: logEvents
          ? (error, record, { context }) => errors.captureLogged(error, record, context)
          : undefined,
      },
    }),
  };
}

/** Registers the implementations of the OpenTelemetry API. */
function registerSignals({ traces, metrics, logs, propagator }: Signals): void {
  registerApi({
    trace: traces.provider,
    metrics: metrics.provider,
    logs: logs.provider,
    context: new StorageContextManager(),
    propagation: propagator,
  });
}

/** Buffers lines below the level of their loggers, if that is asked for. */
function bufferLines({ config: { logs }, metrics: { meter } }: Signals): void {
  const { bufferLevel: level, slowRequestMs: slowMs } = logs;
  if (level !== undefined) loadLineBuffer().installLineBuffer({ level, slowMs, meter });
}

/** The tracers of requests, messages and jobs. */
interface Tracing {
  readonly http: HttpTracing;
  readonly messaging: LazyMessagingTracer;
}

/** Instruments HTTP, libraries and the console, and publishes the preload's API for `index.ts`. */
function instrumentLibraries(signals: Signals): Tracing {
  const { config, metrics, logs } = signals;
  const { instrumentations } = config;
  const isEnabled = (name: string): boolean => isInstrumentationEnabled(name, instrumentations);
  const events = createLazyEvents(signals);
  const http = installHttpTracing({ ...requestEvents(signals, events), ...signals, isEnabled });
  const messaging = createLazyMessagingTracer(signals);
  const caches = createLazyCacheRegistry(metrics);
  publishApi(createPreloadApi(signals, { events, caches, runJob: messaging.runJob }));
  installInstrumentations(instrumentations, {
    ...signals,
    tracerProvider: signals.traces.provider,
    meterProvider: metrics.provider,
    loggerProvider: logs.provider,
    recordsRequests: needsFrameworkRequests(config),
    recordsRows: config.logs.queries,
    caches,
    rateLimits: events,
    flush: () => flushAll(signals.pipelines, config.flushTimeoutMs),
    messaging: messaging.instrumenter,
    outgoing: http.outgoing,
  });
  if (isEnabled("console")) recordConsoleLines(signals);
  return { http, messaging };
}

/** Returns the preload's API for `index.ts`. */
function createPreloadApi(
  signals: Signals,
  parts: Pick<PreloadApi, "events" | "caches" | "runJob">,
): PreloadApi {
  const { errors, diagnostics, health } = signals;
  return {
    ...parts,
    version,
    errors,
    setOrganization,
    setRequestId(id) {
      if (!setRequestId(id)) diagnostics.warn("request-id", INVALID_REQUEST_ID);
    },
    keepTrace: keepActiveTrace,
    sendAlert: signals.alerts.send,
    requests: signals.requests,
    instruments: createLazyInstruments(signals),
    servePage: createLazyPages(signals),
    addHealthCheck: (check) => health.register(check),
    logger: signals.logger,
  };
}

function recordConsoleLines({ config, logs }: Signals): void {
  patchConsole(logs.provider.getLogger("console"), config.logs.consoleLines);
}

/** Whether events need what a framework knows of a request, its user or its parsed body. */
function needsFrameworkRequests({ userFields, errors }: Config): boolean {
  return userFields.length > 0 || errors.dataCollection.includes("httpBodies");
}

const INVALID_REQUEST_ID =
  "setRequestId received an invalid id, expected 1 to 128 characters of A-Z a-z 0-9 . _ ~ + / = : -; the id of the request stays as it is";

/** Returns what logs requests, and reports those that a rate limit has rejected. */
function requestEvents(
  { config, logs }: Signals,
  events: () => AppEvents,
): Pick<HttpTracingDeps, "requestLog" | "onRateLimited"> {
  return {
    requestLog: createRequestLog({ config: config.logs, provider: logs.provider }),
    onRateLimited: (request) => events().rateLimited(request),
  };
}

function createLazyEvents({ logs, metrics, diagnostics }: Signals): () => AppEvents {
  let events: AppEvents | undefined;
  const deps = { provider: logs.provider, meter: metrics.meter, diagnostics };
  return () => (events ??= loadAppEvents().createAppEvents(deps));
}

function createLazyRequestSummary(metrics: Metrics): () => RequestSummary {
  let summary: RequestSummary | undefined;
  return () => (summary ??= loadRequestSummary().createRequestSummary(metrics));
}

function createLazyInstruments({ metrics: { meter }, diagnostics }: Signals): () => InstrumentsApi {
  let instruments: InstrumentsApi | undefined;
  return () => (instruments ??= loadInstruments().createAppInstruments({ meter, diagnostics }));
}

/** Returns what serves pages of the admin server on the app's port. */
function createLazyPages(signals: Signals): PreloadApi["servePage"] {
  let pages: MountedPages | undefined;
  return (request) => {
    pages ??= loadMountedPages().createMountedPages(adminDeps(signals));
    pages.serve(request);
  };
}

function createLazyCacheRegistry({ meter }: Metrics): () => CacheRegistry {
  let registry: CacheRegistry | undefined;
  return () => (registry ??= loadCaches().createCacheRegistry(meter));
}

/** Returns a function that creates what loggers need, at its first call. */
function createLazyLoggerApi(
  { logs, environment }: Config,
  shared: Pick<LoggerDeps, "redactor" | "diagnostics"> & { readonly resource: Resource },
): () => LoggerApi {
  let api: LoggerApi | undefined;
  return () =>
    (api ??= loadLoggerApi().createLoggerApi({
      ...shared,
      config: logs,
      service: String(shared.resource.attributes["service.name"]),
      environment,
      addIds: addActiveIds,
    }));
}

/** Flushes what is unsent when the process exits or is killed by a signal. */
function watchEnd(signals: Signals, { http, messaging }: Tracing): void {
  const { config, metrics, counters, health, pipelines, diagnostics, unsent, errors, alerts } =
    signals;
  installLifecycle({
    pipelines,
    timeoutMs: config.flushTimeoutMs,
    diagnostics,
    signals: config.signals,
    unsent,
    hasUnsent: () =>
      metrics.hasUnsent() ||
      hasQueued(counters) ||
      errors.hasUnsentSessions() ||
      alerts.hasUnsent() ||
      http.inFlightCount() + messaging.inFlightCount() > 0,
    onSignal: () => health.startDraining(),
    onEnd: () => {
      http.endAll();
      messaging.endAll();
    },
  });
}

/** Starts what runs by itself: error capture, periodic exports and the admin server. */
function runSignals(signals: Signals, { http, messaging }: Tracing): void {
  const { config, errors, metrics, diagnostics } = signals;
  errors.start(() => http.startEarly());
  metrics.start();
  if (!isMainThread) return;
  const { levelSignal } = config.logs;
  if (levelSignal !== undefined) loadLevelSignal().watchLevelSignal(levelSignal, diagnostics);
  createAdmin({
    ...adminDeps(signals),
    hasHandledWork: () => http.hasHandledRequests() || messaging.hasHandledMessages(),
    sharePage: () => metrics.sharePage(),
  }).start();
}

function adminDeps(signals: Signals): AdminDeps {
  return { ...signals, renderMetrics: (accept) => signals.metrics.prometheusPage(accept) };
}

function hasQueued({ spans, logs, events, log_lines: lines }: TelemetryCounters): boolean {
  return [spans, logs, events, lines].some(({ queued }) => queued > 0);
}

async function flushAll(pipelines: readonly Pipeline[], timeoutMs: number): Promise<void> {
  await Promise.allSettled(pipelines.map((pipeline) => pipeline.flush(timeoutMs)));
}

/**
 * Logs the issues as warnings, which is what the specification asks for with an
 * unusable value.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
function reportIssues(issues: readonly ConfigIssue[], diagnostics: Diagnostics): void {
  if (issues.length > 0 && isMainThread && diagnostics.isEnabled("warn")) {
    writeToStderr(formatIssues(issues));
  }
}

/**
 * Two SDKs in one process would record every span twice, so the first one stays.
 * An app's own Sentry is an exception: it needs the API, and telltale doesn't.
 */
function hasRegisteredSdk(diagnostics: Diagnostics): boolean {
  const api = registeredSdk();
  if (api === undefined || hasAppClient()) return false;
  diagnostics.warn(
    "other-sdk",
    `another OpenTelemetry SDK is already registered (API ${api}), so telltale records nothing; load only one of the two`,
  );
  return true;
}

/** A container whose command lacks its last argument exits at once, without any message. */
function warnWithoutApp(diagnostics: Diagnostics): void {
  const hasScript = process.argv[1] !== undefined;
  const hasCode = process.execArgv.some((arg) =>
    /^(-e|-p|-pe|--eval|--print|--test|--watch.*|-c|--check)(=|$)/.test(arg),
  );
  if (hasScript || hasCode || !isMainThread || isReadFromStdin()) return;
  diagnostics.warn(
    "no-app",
    "preloaded without an app; add the app to the command: node --import telltale/register app.js",
  );
}

/** True for `node < app.js`: Node runs a program that is piped in, not typed. */
function isReadFromStdin(): boolean {
  if (process.execArgv.some((arg) => arg === "-i" || arg === "--interactive")) return false;
  try {
    const stdin = fstatSync(0);
    return stdin.isFile() || stdin.isFIFO() || stdin.isSocket();
  } catch {
    return false;
  }
}

function writeToStderr(text: string): void {
  process.stderr.write(text);
}
