import { fstatSync, realpathSync } from "node:fs";
import { join } from "node:path";
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
import { OWN_SERVER } from "./context/own-server.ts";
import { addToTrail } from "./context/breadcrumb-trail.ts";
import { StorageContextManager } from "./context/manager.ts";
import type { WorkObserver } from "./context/unit-views.ts";
import { keepActiveTrace, logIdsIn, setOrganization, setRequestId } from "./context/unit-access.ts";
import type { CallRecorder } from "./development/call-recorder.ts";
import type { Development } from "./development/development.ts";
import type { TimingHeaders } from "./development/timing-headers.ts";
import { Diagnostics } from "./diagnostics/diagnostics.ts";
import type { ProcessObserver } from "./diagnostics/process-observer.ts";
import {
  createTelemetryCounters,
  type TelemetryCounters,
} from "./diagnostics/telemetry-counters.ts";
import { UnsentTelemetry } from "./diagnostics/unsent-telemetry.ts";
import { type Environment, nodeFlags, readEnvironment, readVariables } from "./env.ts";
import type { Extension } from "./extension/extension.ts";
import { findExtension } from "./extension/find-extension.ts";
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
import type { GracefulShutdown, WorkInFlight } from "./lifecycle/graceful/graceful-shutdown.ts";
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
import { installChildProcesses } from "./processes/child-processes.ts";
import { createRedactor, type Redactor } from "./redaction/redactor.ts";
import type { Profiling } from "./profiling/profiling.ts";
import { registeredSdk, registerApi } from "./register-api.ts";
import { createResource, type ExtensibleResource } from "./resource/resource.ts";
import type { SdkDeps } from "./sdk/sdk-deps.ts";
import type { SdkPipelines } from "./sdk/sdk.ts";
import { type CompositePropagator, createPropagator } from "./traces/propagation/propagator.ts";
import type { OnClientSpan } from "./traces/tracer.ts";
import { createTraces, type Traces } from "./traces/traces.ts";
import { testRecorder } from "./development/test-recorder.ts";
import { version } from "./version.ts";
import { createLazyWarming, type LazyWarming } from "./warming/lazy-warming.ts";

/** Loaded under `telltale doctor` only. */
const loadObserver = lazy<typeof import("./diagnostics/process-observer.ts")>(
  "diagnostics/process-observer.ts",
);
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
const loadGracefulShutdown = lazy<typeof import("./lifecycle/graceful/graceful-shutdown.ts")>(
  "lifecycle/graceful/graceful-shutdown.ts",
);
/** Loaded with `TELLTALE_VIEWER` or `TELLTALE_DEV_LOG` only. */
const loadDevelopment = lazy<typeof import("./development/development.ts")>(
  "development/development.ts",
);
/** Loaded with `TELLTALE_PROFILING` only. */
const loadProfiling = lazy<typeof import("./profiling/profiling.ts")>("profiling/profiling.ts");
/** Loaded in tests that use `telltale/testing` only. */
const loadTestObservation = lazy<typeof import("./development/test-observation.ts")>(
  "development/test-observation.ts",
);
const loadTimingHeaders = lazy<typeof import("./development/timing-headers.ts")>(
  "development/timing-headers.ts",
);
const loadCallSites = lazy<typeof import("./instrumentation/call-sites/rows.ts")>(
  "instrumentation/call-sites/rows.ts",
);
/** Loaded if the app has an extension. */
const loadExtension = lazy<typeof import("./extension/extension.ts")>("extension/extension.ts");
/** Loaded with `TELLTALE_PIPELINE=sdk` only. */
const loadSdk = lazy<typeof import("./sdk/sdk.ts")>("sdk/sdk.ts");
const loadCaches = lazy<typeof import("./caches/caches.ts")>("caches/caches.ts");

/**
 * Starts the preload, once per thread, however many copies of it are loaded. An
 * error in here never stops the app: it runs on without telemetry.
 */
export function start(): void {
  // Node's thread for `module.register` (tsx uses it on 22) runs `--require` preloads too. It runs
  // no code of the app, and can't load telltale's lazy modules.
  if (isInternalThread || isOwnCommand(process.argv[1])) return;
  if (!claimStart()) {
    const folder = readEnvironment().get("TELLTALE_DOCTOR");
    if (folder !== undefined) loadObserver().observePreload(folder);
    return;
  }
  try {
    const environment = readEnvironment();
    const isTest = testRecorder() !== undefined;
    configureAndStart(isTest ? loadTestObservation().environmentOfTests(environment) : environment);
  } catch (error) {
    writeToStderr(`telltale: could not start, nothing is recorded: ${String(error)}\n`);
  }
}

/**
 * Whether the process is the command `telltale`, which is preloaded where NODE_OPTIONS is set for
 * a container: `telltale health` should start fast, and is no traffic of the app.
 */
function isOwnCommand(script: string | undefined): boolean {
  if (script === undefined || !/[\\/](?:telltale|cli\.js)$/.test(script)) return false;
  try {
    const command = realpathSync(script);
    return command === join(import.meta.dirname, "cli.js") || OWN_COMMAND.test(command);
  } catch {
    return false;
  }
}

/** Of another copy of telltale. */
const OWN_COMMAND = /[\\/]telltale[\\/]dist[\\/]cli\.js$/;

function configureAndStart(environment: Environment): void {
  const { config, issues } = parseConfig(environment, knownInstrumentations);
  if (config.disabled) return;
  const observer = createObserver(config, environment);
  const observe = observer?.messageLogged.bind(observer);
  const diagnostics = new Diagnostics(config.logLevel, writeToStderr, observe);
  reportIssues(issues, diagnostics);
  if (hasRegisteredSdk(diagnostics)) return;
  warnWithoutApp(diagnostics);
  assemble(config, diagnostics, observer);
}

/** Returns what reports to `telltale doctor` about this thread; undefined unless it has started the process. */
function createObserver(
  { doctorFolder: folder }: Config,
  environment: Environment,
): ProcessObserver | undefined {
  if (folder === undefined) return undefined;
  const { ProcessObserver } = loadObserver();
  return new ProcessObserver({ folder, flags: nodeFlags(), environment, readEnvironment });
}

function assemble(
  config: Config,
  diagnostics: Diagnostics,
  observer: ProcessObserver | undefined,
): void {
  const signals = createSignals(config, diagnostics, observer);
  registerSignals(signals);
  installChildProcesses({ ...signals, readVariables });
  bufferLines(signals);
  const tracing = instrumentLibraries(signals);
  watchEnd(signals, tracing);
  tracing.shutdown.watchServers();
  signals.extension?.load({ ...signals, ...tracing.http });
  runSignals(signals, tracing);
  observer?.start(signals.counters);
}

interface Signals {
  readonly config: Config;
  readonly diagnostics: Diagnostics;
  readonly counters: TelemetryCounters;
  readonly unsent: UnsentTelemetry;
  readonly redactor: Redactor;
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
  readonly observer: ProcessObserver | undefined;
  readonly resource: ExtensibleResource;
  /** Undefined unless the app has one. */
  readonly extension: Extension | undefined;
  /** Undefined without a viewer. */
  readonly development: Development | undefined;
  /** Undefined without profiles in production. */
  readonly profiling: Profiling | undefined;
  readonly workObserver: WorkObserver | undefined;
  readonly viewerCalls: CallRecorder | undefined;
  /** Undefined unless responses have headers with their times. */
  readonly timings: TimingHeaders | undefined;
}

function createSignals(...[config, diagnostics, observer]: Parameters<typeof assemble>): Signals {
  const counters = createTelemetryCounters();
  const unsent = new UnsentTelemetry();
  const redactor = createRedactor(config.redaction, (key, text) => diagnostics.warn(key, text));
  const { flushTimeoutMs } = config;
  const resource = createResource(config);
  const shared = { resource, redactor, diagnostics, unsent, flushTimeoutMs };
  const development = createDevelopment(config, shared);
  const extension = createExtension(config, diagnostics);
  const errors = createErrors({
    ...shared,
    ...lazyRelease(config, resource),
    ...{ config: config.errors, nodeFlags: nodeFlags(), counters: counters.events },
    meter: () => metrics.meter,
    ...{ onEnvelope: development?.onEnvelope, extensionFilters: extension?.eventFilters },
  });
  const alerts = createAlerts(config, shared);
  const observed = { ...shared, ...createObservers(config, errors, observer, development) };
  const sdk = startSdk({ ...shared, config, counters, isObserved: development !== undefined });
  const pipelineDeps = { ...observed, counters, observer, development, sdk };
  const { logs, traces } = createLogsAndTraces(config, pipelineDeps);
  const hasExtension = extension !== undefined;
  const metricDeps = { ...shared, ...viewerMetrics(development), hasExtension };
  const metrics = sdk?.metrics ?? createMetrics({ ...metricDeps, config, counters });
  const parts = developmentParts(config, development, { ...shared, counters: counters.profiles });
  return {
    ...{ config, diagnostics, counters, unsent, redactor, resource, extension },
    ...{ traces, metrics, logs, errors, alerts },
    propagator: propagatorOf(config),
    // Only the main thread serves the pages of health.
    health: createHealth({ ...shared, config, counters, meter: mainThreadMeter(metrics) }),
    requests: createLazyRequestSummary(metrics),
    logger: createLazyLoggerApi(config, shared),
    pipelines: pipelinesOf({ ...{ traces, logs, errors, alerts, metrics, extension }, ...parts }),
    observer,
    ...parts,
  };
}

/** Starts the pipelines of the SDK, if they are asked for. */
function startSdk(deps: SdkDeps): SdkPipelines | undefined {
  return deps.config.pipeline === "sdk" ? loadSdk().startSdk(deps) : undefined;
}

/** Returns what is flushed; the log files are flushed last, as the others write to them. */
function pipelinesOf(
  signals: Pick<
    Signals,
    "traces" | "logs" | "errors" | "alerts" | "metrics" | "extension" | "development" | "profiling"
  >,
): Pipeline[] {
  const { traces, logs, errors, alerts, metrics, extension, development, profiling } = signals;
  return [
    ...[traces.pipeline, logs.pipeline, errors.pipeline, alerts, metrics],
    ...[extension, profiling?.continuous].filter((pipeline) => pipeline !== undefined),
    ...[logs.files, ...(development?.pipelines ?? [])],
  ];
}

/** Creates the app's extension, if it has one; it is loaded when its libraries are instrumented. */
function createExtension(config: Config, diagnostics: Diagnostics): Extension | undefined {
  const found = findExtension(config);
  if (found === undefined) return undefined;
  // Each thread loads it, and the main thread reports what is wrong with it.
  const report = (key: string, line: string): void =>
    isMainThread ? diagnostics.warn(key, line) : diagnostics.debug(key, line);
  try {
    return loadExtension().createExtension({ ...found, report });
  } catch (error) {
    report("extension", `${found.source} can't be loaded: ${String(error)}`);
    return undefined;
  }
}

/** Returns what the instrumentations do for development and profiles only. */
function developmentParts(
  { viewer: { timingHeaders }, profiling: modes }: Config,
  development: Development | undefined,
  shared: Omit<Parameters<ReturnType<typeof loadProfiling>["createProfiling"]>[1], "others">,
): Pick<Signals, "development" | "profiling" | "workObserver" | "viewerCalls" | "timings"> {
  const timings = timingHeaders ? loadTimingHeaders().timingHeaders : undefined;
  // Other threads than the main one are not profiled.
  const profiling =
    modes && isMainThread
      ? loadProfiling().createProfiling(modes, { ...shared, others: development })
      : undefined;
  return {
    development,
    profiling,
    workObserver: (profiling ?? development)?.workObserver,
    viewerCalls: development?.calls,
    timings: development === undefined ? timings : development.headSent(timings),
  };
}

type PipelineDeps = Omit<Parameters<typeof createLogs>[0], "config"> &
  Pick<Signals, "counters" | "observer" | "development"> &
  Observers & {
    readonly sdk: SdkPipelines | undefined;
  };

function createLogsAndTraces(config: Config, deps: PipelineDeps): Pick<Signals, "logs" | "traces"> {
  const { counters, observer, development, sdk, onClientSpan } = deps;
  const logs = createLogs({
    ...{ ...deps, config: config.logs, addToViewer: development?.addRecord },
    sdkOutput: sdk?.logOutput,
  });
  const processors = createProcessors(config, logs, [observer, development]);
  const recordsAll = development !== undefined;
  const spans = { config: config.traces, counters: counters.spans, processors, recordsAll };
  const traces = sdk?.traces({ processors, onClientSpan }) ?? createTraces({ ...deps, ...spans });
  return { logs, traces };
}

/** Returns what metrics and the watch of stalls need for the viewer. */
function viewerMetrics(
  development: Development | undefined,
): Pick<Parameters<typeof createMetrics>[0], "createViewerExporter" | "stallObserver"> {
  if (development === undefined) return {};
  const { createMetricExporter: createViewerExporter, stallObserver } = development;
  return { ...(createViewerExporter !== undefined && { createViewerExporter }), stallObserver };
}

/** Creates what only development needs, if it is asked for. */
function createDevelopment(
  { viewer: { url: viewerUrl, requestLog, ignoredCalls }, logs: { slowRequestMs } }: Config,
  shared: Omit<
    Parameters<ReturnType<typeof loadDevelopment>["createDevelopment"]>[0],
    "viewerUrl" | "requestLog" | "ignoredCalls" | "slowRequestMs"
  >,
): Development | undefined {
  const recorder = testRecorder();
  if (recorder !== undefined)
    return loadTestObservation().createTestObservation(recorder, shared.redactor);
  if (viewerUrl === undefined && requestLog === undefined) return undefined;
  const options = { viewerUrl, requestLog, ignoredCalls, slowRequestMs };
  return loadDevelopment().createDevelopment({ ...shared, ...options });
}

function mainThreadMeter({ meter }: Metrics): Metrics["meter"] | undefined {
  return isMainThread ? meter : undefined;
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

/** Creates what logs each query, if that is asked for, and takes the processors of others. */
function createProcessors(
  { logs: { queries } }: Config,
  { provider }: Logs,
  others: readonly (Pick<Development, "spanProcessor"> | undefined)[],
): SpanProcessor[] {
  return [
    ...(queries ? [loadSqlLog().createSqlLog(provider)] : []),
    ...others.flatMap((other) => other?.spanProcessor ?? []),
  ];
}

/** What the other pipelines learn of spans and lines. */
interface Observers {
  readonly onClientSpan?: OnClientSpan;
  readonly logObserver?: LogObserver;
}

/** Returns what remembers calls, queries and lines for breadcrumbs, and captures the errors of lines. */
function createObservers(
  config: Config,
  errors: Errors,
  observer: ProcessObserver | undefined,
  development: Development | undefined,
): Observers {
  const observers = withCallSites(createErrorObservers(config, errors), development);
  if (observer === undefined) return observers;
  const { addRecord, captureError } = observers.logObserver ?? {};
  return {
    ...observers,
    logObserver: {
      addRecord: (record, line) => {
        observer.recordLogged(line.spanContext?.traceId);
        addRecord?.(record, line);
      },
      captureError,
    },
  };
}

/** Records where calls are made, if there is a viewer. */
function withCallSites(observers: Observers, development: Development | undefined): Observers {
  if (development === undefined) return observers;
  const { onClientSpan } = observers;
  return {
    ...observers,
    onClientSpan(span, context) {
      development.calls.spanStarted(span, context);
      onClientSpan?.(span, context);
    },
  };
}

function createErrorObservers(config: Config, errors: Errors): Observers {
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
  readonly shutdown: LazyShutdown;
  readonly warming: LazyWarming;
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
  const countsRequests = isEnabled("http");
  const shutdown = createLazyShutdown(signals, () => ({
    requests: countsRequests ? http.inFlightCount() : undefined,
    jobs: messaging.inFlightCount(),
  }));
  const { runJob } = messaging;
  const { add: gracefulShutdown } = shutdown;
  const warming = createLazyWarming({ ...signals, runJob, caches });
  const { register: registerCacheWarmer } = warming;
  const parts = { events, caches, runJob, gracefulShutdown, registerCacheWarmer };
  publishApi(createPreloadApi(signals, parts));
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
    moreRows: signals.viewerCalls === undefined ? [] : loadCallSites().callSiteRows,
  });
  if (isEnabled("console")) recordConsoleLines(signals);
  return { http, messaging, shutdown, warming };
}

/** Returns the preload's API for `index.ts`. */
function createPreloadApi(
  signals: Signals,
  parts: Pick<
    PreloadApi,
    "events" | "caches" | "runJob" | "gracefulShutdown" | "registerCacheWarmer"
  >,
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

/** What ends the process in order, where the variable or the app asks for it. */
interface LazyShutdown {
  readonly add: PreloadApi["gracefulShutdown"];
  /** Watches all servers of the app, if the variable is set. */
  watchServers(): void;
  /** Whether it decides what happens at a signal. */
  isActive(): boolean;
}

function createLazyShutdown(
  { config, diagnostics, health, pipelines }: Signals,
  inFlight: () => WorkInFlight,
): LazyShutdown {
  let shutdown: GracefulShutdown | undefined;
  const { flushTimeoutMs, gracefulShutdown: settings } = config;
  const create = (): GracefulShutdown =>
    (shutdown ??= loadGracefulShutdown().createGracefulShutdown(settings, {
      diagnostics,
      flushTimeoutMs,
      startDraining: () => health.startDraining(),
      inFlight,
      flush: () => flushAll(pipelines, flushTimeoutMs),
    }));
  return {
    // Worker threads receive no signals.
    add: (servers, options) => isMainThread && create().add(servers, options),
    watchServers() {
      if (settings !== undefined && isMainThread)
        create().watchServers((server) => !(OWN_SERVER in server));
    },
    isActive: () => shutdown !== undefined,
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
function watchEnd(signals: Signals, { http, messaging, shutdown }: Tracing): void {
  const { config, metrics, counters, health, pipelines, diagnostics, unsent, errors, alerts } =
    signals;
  const { development, profiling } = signals;
  installLifecycle({
    pipelines,
    timeoutMs: config.flushTimeoutMs,
    diagnostics,
    signals: config.signals,
    unsent,
    hasUnsent: () =>
      metrics.hasUnsent() ||
      hasQueued(counters) ||
      development?.hasUnsent() === true ||
      profiling?.continuous?.hasUnsent() === true ||
      errors.hasUnsentSessions() ||
      alerts.hasUnsent() ||
      http.inFlightCount() + messaging.inFlightCount() > 0,
    onSignal: (signal) => {
      // Apps use other signals to read their configuration again, for instance.
      const isEnding = signal === "SIGTERM" || signal === "SIGINT";
      if (isEnding && !shutdown.isActive()) health.startDraining();
    },
    onEnd: () => {
      http.endAll();
      messaging.endAll();
    },
  });
}

/** Starts what runs by itself: error capture, periodic exports and the admin server. */
function runSignals(signals: Signals, { http, messaging, warming }: Tracing): void {
  const { config, errors, metrics, diagnostics, development } = signals;
  errors.start(() => http.startEarly());
  metrics.start();
  development?.start({
    collect: () => metrics.collect(),
    tracerProvider: signals.traces.provider,
    flushEvents: (timeoutMs) => errors.pipeline.flush(timeoutMs),
  });
  // Tests have no port: their processes run in parallel.
  if (!isMainThread || testRecorder() !== undefined) return;
  const { levelSignal } = config.logs;
  if (levelSignal !== undefined) loadLevelSignal().watchLevelSignal(levelSignal, diagnostics);
  createAdmin({
    ...adminDeps(signals),
    warmers: warming.existing,
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
