import { fstatSync } from "node:fs";
import { isInternalThread, isMainThread } from "node:worker_threads";
import type { CacheRegistry } from "./caches/caches.ts";
import { lazy } from "./lazy.ts";
import { claimStart, publishApi } from "./api.ts";
import { createAdmin } from "./admin/server.ts";
import type { Config } from "./config/config.ts";
import { parseConfig } from "./config/parse.ts";
import type { Problem } from "./config/problem.ts";
import { formatProblems } from "./config/report.ts";
import { StorageContextManager } from "./context/manager.ts";
import {
  type TelemetryCounters,
  createTelemetryCounters,
} from "./diagnostics/telemetry-counters.ts";
import { Diagnostics } from "./diagnostics/diagnostics.ts";
import { UnsentTelemetry } from "./diagnostics/unsent-telemetry.ts";
import { type Environment, nodeFlags, readEnvironment } from "./env.ts";
import { installHttpTracing } from "./http/http-tracing.ts";
import { createLazyMessagingTracer } from "./messaging/lazy-messaging.ts";
import { hasAppClient } from "./errors/sentry-carrier.ts";
import { createErrors } from "./errors/errors.ts";
import type { Pipeline } from "./export/pipeline.ts";
import { registeredSdk, registerApi } from "./register-api.ts";
import { createHealth } from "./health/health.ts";
import { installInstrumentations } from "./instrumentation/loader.ts";
import {
  isInstrumentationEnabled,
  knownInstrumentations,
} from "./instrumentation/enabled-instrumentations.ts";
import { installLifecycle } from "./lifecycle/lifecycle.ts";
import { patchConsole } from "./instrumentation/loggers/console/patch-console.ts";
import { createLogs } from "./logs/logs.ts";
import { createMetrics } from "./metrics/metrics.ts";
import { createResource } from "./resource/resource.ts";
import { createPropagator } from "./traces/propagation/propagator.ts";
import { createTraces } from "./traces/traces.ts";
import { version } from "./version.ts";

const loadCaches = lazy<typeof import("./caches/caches.ts")>("caches/caches.ts");

/**
 * The preload. Once per thread, whatever the number of copies and of ways it
 * was asked for; and whatever goes wrong in here, the app runs on without us.
 */
export function start(): void {
  // Node's thread for `module.register` (tsx uses it on 22) runs `--require` preloads too; no code
  // of the app's ever runs there, and it can't load our chunks.
  if (isInternalThread || !claimStart()) return;
  try {
    configureAndStart(readEnvironment());
  } catch (error) {
    writeToStderr(`telltale: could not start, nothing is recorded: ${String(error)}\n`);
  }
}

function configureAndStart(environment: Environment): void {
  const { config, problems } = parseConfig(environment, knownInstrumentations);
  if (config.disabled) return;
  const diagnostics = new Diagnostics(config.logLevel, writeToStderr);
  reportProblems(problems, diagnostics);
  if (hasRegisteredSdk(diagnostics)) return;
  warnWithoutApp(diagnostics);
  startSignals(config, diagnostics);
}

function startSignals(config: Config, diagnostics: Diagnostics): void {
  const counters = createTelemetryCounters();
  const resource = createResource(config);
  const unsent = new UnsentTelemetry();
  const shared = { resource, diagnostics, unsent };
  const traces = createTraces({ ...shared, config: config.traces, counters: counters.spans });
  const metrics = createMetrics({ ...shared, config, counters });
  const logs = createLogs({ ...shared, config: config.logs, counters: counters.logs });
  const errors = createErrors({
    config: config.errors,
    service: serviceFrom(resource),
    nodeFlags: nodeFlags(),
    counters: counters.events,
    diagnostics,
    unsent,
  });
  const propagator = createPropagator(config.propagators, {
    sentry: config.extractOnly.includes("sentry"),
  });
  const health = createHealth({ config, counters });

  registerApi({
    trace: traces.provider,
    metrics: metrics.provider,
    logs: logs.provider,
    context: new StorageContextManager(),
    propagation: propagator,
  });
  const pipelines = [traces.pipeline, logs.pipeline, errors.pipeline, metrics];
  const hasInstrumentation = (name: string): boolean =>
    isInstrumentationEnabled(name, config.instrumentations);
  const tracingDeps = { config, traces, metrics, errors, propagator, diagnostics, unsent };
  const httpTracing = installHttpTracing({ ...tracingDeps, isEnabled: hasInstrumentation });
  const messaging = createLazyMessagingTracer(tracingDeps);
  let createdCaches: CacheRegistry | undefined;
  const caches = (): CacheRegistry =>
    (createdCaches ??= loadCaches().createCacheRegistry(metrics.meter));
  publishApi({ version, errors, runJob: messaging.runJob, caches });
  installInstrumentations(config.instrumentations, {
    diagnostics,
    tracerProvider: traces.provider,
    meterProvider: metrics.provider,
    loggerProvider: logs.provider,
    caches,
    flush: () => flushAll(pipelines, config.flushTimeoutMs),
    messaging: messaging.instrumenter,
    outgoing: httpTracing.outgoing,
  });
  if (hasInstrumentation("console")) {
    patchConsole(logs.provider.getLogger("console"), config.logs.consoleLines);
  }
  installLifecycle({
    pipelines,
    timeoutMs: config.flushTimeoutMs,
    diagnostics,
    signals: config.signals,
    unsent,
    hasUnsent: () =>
      metrics.exportsPeriodically ||
      hasQueued(counters) ||
      httpTracing.inFlightCount() + messaging.inFlightCount() > 0,
    onSignal: () => health.startDraining(),
    onEnd: () => {
      httpTracing.endAll();
      messaging.endAll();
    },
  });
  errors.start(() => httpTracing.startEarly());
  metrics.start();
  if (isMainThread) {
    createAdmin({
      config,
      counters,
      diagnostics,
      health,
      hasHandledWork: () => httpTracing.hasHandledRequests() || messaging.hasHandledMessages(),
      renderMetrics: (accept) => metrics.prometheusPage(accept),
    }).start();
  }
}

function hasQueued({ spans, logs, events }: TelemetryCounters): boolean {
  return spans.queued > 0 || logs.queued > 0 || events.queued > 0;
}

async function flushAll(pipelines: readonly Pipeline[], timeoutMs: number): Promise<void> {
  await Promise.allSettled(pipelines.map((pipeline) => pipeline.flush(timeoutMs)));
}

/**
 * Warnings, as the specification calls what is said of a value that can't be used.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
function reportProblems(problems: readonly Problem[], diagnostics: Diagnostics): void {
  if (problems.length > 0 && isMainThread && diagnostics.isEnabled("warn")) {
    writeToStderr(formatProblems(problems));
  }
}

/**
 * Two SDKs in one process would make every span twice: the first one stays. Not
 * so an app's own Sentry: it needs the API, and we don't.
 */
function hasRegisteredSdk(diagnostics: Diagnostics): boolean {
  const api = registeredSdk();
  if (api === undefined || hasAppClient()) return false;
  diagnostics.warn(
    "foreign-sdk",
    `another OpenTelemetry SDK is registered already (API ${api}); it stays, and telltale records nothing. Preload one of the two only.`,
  );
  return true;
}

/** A container whose command lost its last word ends at once, and nothing says why. */
function warnWithoutApp(diagnostics: Diagnostics): void {
  const hasScript = process.argv[1] !== undefined;
  const hasCode = process.execArgv.some((arg) =>
    /^(-e|-p|-pe|--eval|--print|--test|--watch.*|-c|--check)(=|$)/.test(arg),
  );
  if (hasScript || hasCode || !isMainThread || isReadFromStdin()) return;
  diagnostics.warn(
    "no-app",
    "preloaded without an app; name one: node --import telltale/register app.js",
  );
}

/** `node < app.js`: Node runs what comes, where nobody types it. */
function isReadFromStdin(): boolean {
  if (process.execArgv.some((arg) => arg === "-i" || arg === "--interactive")) return false;
  try {
    const stdin = fstatSync(0);
    return stdin.isFile() || stdin.isFIFO() || stdin.isSocket();
  } catch {
    return false;
  }
}

function serviceFrom(resource: ReturnType<typeof createResource>): {
  name: string;
  version: string | undefined;
  environment: string | undefined;
  hostName: string | undefined;
} {
  const { attributes } = resource;
  const text = (name: string): string | undefined => {
    const value = attributes[name];
    return typeof value === "string" ? value : undefined;
  };
  return {
    name: text("service.name") ?? "unknown_service:node",
    version: text("service.version"),
    environment: text("deployment.environment.name"),
    hostName: text("host.name"),
  };
}

function writeToStderr(text: string): void {
  process.stderr.write(text);
}
