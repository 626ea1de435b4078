import { fstatSync } from "node:fs";
import { isInternalThread, isMainThread } from "node:worker_threads";
import type { Caches } from "./caches/caches.ts";
import { lazy } from "./lazy.ts";
import { claimStart, publishApi } from "./api.ts";
import { createAdmin } from "./admin/server.ts";
import type { Config } from "./config/config.ts";
import { configFrom } from "./config/parse.ts";
import type { Problem } from "./config/problem.ts";
import { reportOf } from "./config/report.ts";
import { StorageContextManager } from "./context/manager.ts";
import { type Accounts, createAccounts } from "./diagnostics/account.ts";
import { Diagnostics } from "./diagnostics/diagnostics.ts";
import { Unsent } from "./diagnostics/unsent.ts";
import { type Environment, nodeFlags, readEnvironment } from "./env.ts";
import { installEntries } from "./entry/entry.ts";
import { lazyWork } from "./entry/lazy-work.ts";
import { hasAppClient } from "./errors/carrier.ts";
import { createErrors } from "./errors/errors.ts";
import type { Pipeline } from "./export/exit.ts";
import { foreignSdk, registerApi } from "./globals.ts";
import { createHealth } from "./health/health.ts";
import { installInstrumentations } from "./instrumentation/loader.ts";
import { isEnabled, knownInstrumentations } from "./instrumentation/names.ts";
import { installLifecycle } from "./lifecycle/lifecycle.ts";
import { watchConsole } from "./logs/app-console.ts";
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
    begin(readEnvironment());
  } catch (error) {
    sayOnStderr(`telltale: could not start, nothing is recorded: ${String(error)}\n`);
  }
}

function begin(environment: Environment): void {
  const { config, problems } = configFrom(environment, knownInstrumentations);
  if (config.disabled) return;
  const diagnostics = new Diagnostics(config.logLevel, sayOnStderr);
  report(problems, diagnostics);
  if (isTaken(diagnostics)) return;
  warnWithoutApp(diagnostics);
  assemble(config, diagnostics);
}

function assemble(config: Config, diagnostics: Diagnostics): void {
  const accounts = createAccounts();
  const resource = createResource(config);
  const unsent = new Unsent();
  const shared = { resource, diagnostics, unsent };
  const traces = createTraces({ ...shared, config: config.traces, account: accounts.spans });
  const metrics = createMetrics({ ...shared, config, accounts });
  const logs = createLogs({ ...shared, config: config.logs, account: accounts.logs });
  const errors = createErrors({
    config: config.errors,
    service: serviceOf(resource),
    nodeFlags: nodeFlags(),
    account: accounts.events,
    diagnostics,
    unsent,
  });
  const propagator = createPropagator(config.propagators, {
    sentry: config.extractOnly.includes("sentry"),
  });
  const health = createHealth({ config, accounts });

  registerApi({
    trace: traces.provider,
    metrics: metrics.provider,
    logs: logs.provider,
    context: new StorageContextManager(),
    propagation: propagator,
  });
  const pipelines = [traces.pipeline, logs.pipeline, errors.pipeline, metrics];
  const hasInstrumentation = (name: string): boolean => isEnabled(name, config.instrumentations);
  const entryParts = { config, traces, metrics, errors, propagator, diagnostics, unsent };
  const entries = installEntries({ ...entryParts, isEnabled: hasInstrumentation });
  const work = lazyWork(entryParts);
  let madeCaches: Caches | undefined;
  const caches = (): Caches => (madeCaches ??= loadCaches().createCaches(metrics.meter));
  publishApi({ version, errors, runJob: work.runJob, caches });
  installInstrumentations(config.instrumentations, {
    diagnostics,
    tracerProvider: traces.provider,
    meterProvider: metrics.provider,
    loggerProvider: logs.provider,
    caches,
    flush: () => flushAll(pipelines, config.flushTimeoutMs),
    work: work.entrance,
    outgoing: entries.outgoing,
  });
  if (hasInstrumentation("console")) {
    watchConsole(logs.provider.getLogger("console"), config.logs.consoleLines);
  }
  installLifecycle({
    pipelines,
    timeoutMs: config.flushTimeoutMs,
    diagnostics,
    signals: config.signals,
    unsent,
    hasUnsent: () =>
      metrics.pushes || isQueued(accounts) || entries.underWay() + work.underWay() > 0,
    onSignal: () => health.draining(),
    onEnd: () => {
      entries.abandon();
      work.abandon();
    },
  });
  errors.start(() => entries.beginEarly());
  metrics.start();
  if (isMainThread) {
    createAdmin({
      config,
      accounts,
      diagnostics,
      health,
      hasServed: () => entries.hasServed() || work.hasServed(),
      page: (accept) => metrics.text(accept),
    }).start();
  }
}

function isQueued({ spans, logs, events }: Accounts): boolean {
  return spans.queued > 0 || logs.queued > 0 || events.queued > 0;
}

async function flushAll(pipelines: readonly Pipeline[], timeoutMs: number): Promise<void> {
  await Promise.allSettled(pipelines.map((pipeline) => pipeline.flush(timeoutMs)));
}

/**
 * Warnings, as the specification calls what is said of a value that can't be used.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
function report(problems: readonly Problem[], diagnostics: Diagnostics): void {
  if (problems.length > 0 && isMainThread && diagnostics.says("warn")) {
    sayOnStderr(reportOf(problems));
  }
}

/**
 * Two SDKs in one process would make every span twice: the first one stays. Not
 * so an app's own Sentry: it needs the API, and we don't.
 */
function isTaken(diagnostics: Diagnostics): boolean {
  const api = foreignSdk();
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
  if (hasScript || hasCode || !isMainThread || isGivenOnStdin()) return;
  diagnostics.warn(
    "no-app",
    "preloaded without an app; name one: node --import telltale/register app.js",
  );
}

/** `node < app.js`: Node runs what comes, where nobody types it. */
function isGivenOnStdin(): boolean {
  if (process.execArgv.some((arg) => arg === "-i" || arg === "--interactive")) return false;
  try {
    const stdin = fstatSync(0);
    return stdin.isFile() || stdin.isFIFO() || stdin.isSocket();
  } catch {
    return false;
  }
}

function serviceOf(resource: ReturnType<typeof createResource>): {
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

function sayOnStderr(text: string): void {
  process.stderr.write(text);
}
