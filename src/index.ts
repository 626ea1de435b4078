import {
  addRedactionLater,
  type AlertOptions,
  type AlertSeverity,
  type Attachment,
  type Breadcrumb,
  type CacheStats,
  type CacheWarmer,
  type CacheWarmerOptions,
  type CacheWarmingContext,
  type CacheWarmingTrigger,
  type CaptureContext,
  type CaptureHint,
  type CheckIn,
  type EndpointMetrics,
  type ErrorsApi,
  type EventFields,
  type EventsApi,
  existingLoggerApi,
  type FeedbackHint,
  type Gettable,
  type GracefulShutdownOptions,
  type HealthCheck,
  type HealthCheckContext,
  type HealthCheckFunction,
  type HealthCheckOptions,
  type HealthCheckResult,
  type HealthStatus,
  type LoggerLevel,
  type MetricsSummary,
  type MonitorConfig,
  type MonitorSchedule,
  preloadApi,
  type Primitive,
  type RedactionAdditions,
  type RequestCounts,
  type Scope,
  type SecurityEvent,
  type SecurityEventDetails,
  type SecuritySeverity,
  type SendFeedbackParams,
  type SetLogLevelOptions,
  type SeverityLevel,
  type ShutdownServer,
  type User,
} from "./api.ts";
import { AppInstrument } from "./public-api/app-instruments.ts";
import type {
  ExtensionConfig,
  ExtensionHealthCheck,
  ExtensionIdGenerator,
  ExtensionInstrumentation,
  ExtensionLogRecord,
  ExtensionLogRecordProcessor,
  ExtensionMetricReader,
  ExtensionPropagator,
  ExtensionSampler,
  ExtensionSource,
  ExtensionSpanExporter,
  ExtensionSpanProcessor,
  ExtensionView,
  FinishedSpan,
  IncomingRequest,
  OutgoingResponse,
  SpanAttributes,
  SpanIds,
  WritableSpan,
} from "./public-api/extension-config.ts";
import type {
  BoundCounter,
  BoundGauge,
  BoundHistogram,
  Counter,
  EndTimer,
  Gauge,
  Histogram,
  HistogramOptions,
  InstrumentOptions,
  LabelArguments,
  LabelValue,
  LabelValues,
  Summary,
  SummaryOptions,
} from "./metrics-api.ts";
import { noopScope } from "./public-api/noop-scope.ts";
import { tryRead } from "./try-read.ts";

export type {
  AlertOptions,
  AlertSeverity,
  Attachment,
  BoundCounter,
  BoundGauge,
  BoundHistogram,
  Breadcrumb,
  CacheStats,
  CacheWarmer,
  CacheWarmerOptions,
  CacheWarmingContext,
  CacheWarmingTrigger,
  CaptureContext,
  CaptureHint,
  CheckIn,
  Counter,
  EndTimer,
  EndpointMetrics,
  EventFields,
  ExtensionConfig,
  ExtensionHealthCheck,
  ExtensionIdGenerator,
  ExtensionInstrumentation,
  ExtensionLogRecord,
  ExtensionLogRecordProcessor,
  ExtensionMetricReader,
  ExtensionPropagator,
  ExtensionSampler,
  ExtensionSource,
  ExtensionSpanExporter,
  ExtensionSpanProcessor,
  ExtensionView,
  FeedbackHint,
  FinishedSpan,
  IncomingRequest,
  OutgoingResponse,
  Gauge,
  Gettable,
  GracefulShutdownOptions,
  HealthCheck,
  HealthCheckContext,
  HealthCheckFunction,
  HealthCheckOptions,
  HealthCheckResult,
  HealthStatus,
  Histogram,
  HistogramOptions,
  InstrumentOptions,
  LabelArguments,
  LabelValue,
  LabelValues,
  LoggerLevel,
  MetricsSummary,
  MonitorConfig,
  MonitorSchedule,
  Primitive,
  RedactionAdditions,
  RequestCounts,
  Scope,
  SecurityEvent,
  SecurityEventDetails,
  SecuritySeverity,
  SendFeedbackParams,
  SetLogLevelOptions,
  SeverityLevel,
  ShutdownServer,
  SpanAttributes,
  SpanIds,
  Summary,
  SummaryOptions,
  User,
  WritableSpan,
};

/*
 * The public API: functions that reach the preload through the global object.
 * Without the preload they do nothing, and without a DSN those for Sentry don't
 * either. None of them throws. A preload of an earlier version may lack some of them.
 */

/**
 * Sends an error to Sentry, with the id of the active trace, the request's scope
 * and its route, and samples (keeps) the trace.
 *
 * @param context data of this event only.
 * @returns the id of the event, or undefined if none was created.
 */
export function captureException(error: unknown, context?: CaptureContext): string | undefined {
  return errors()?.captureException(error, context);
}

/**
 * Sends a message to Sentry.
 *
 * @param context the level, by default `info`, or data of this event only.
 * @returns the id of the event, or undefined if none was created.
 */
export function captureMessage(
  message: string,
  context?: CaptureContext | SeverityLevel,
): string | undefined {
  return errors()?.captureMessage(message, context);
}

/** Sets the user of the current request or, outside of one, of the process. Null removes it. */
export function setUser(user: User | null): void {
  errors()?.setUser(user);
}

/**
 * Sets the organization of the current request, message or job: `organization_id` of its later log
 * lines and of the tags of its events. Null removes it. Outside of a unit of work it does nothing.
 */
export function setOrganization(id: string | number | null): void {
  preloadApi()?.setOrganization?.(id);
}

/**
 * Replaces the request id of the current request, message or job: `request_id` of its later log
 * lines and of the tags of its events, and the header `x-request-id` of a response that is not sent
 * yet. Outside of a unit of work it does nothing.
 *
 * @param id must match `^[A-Za-z0-9._~+/=:-]{1,128}$`.
 */
export function setRequestId(id: string | number): void {
  preloadApi()?.setRequestId?.(id);
}

/**
 * Keeps the current trace: its spans in this process are exported although head sampling dropped it,
 * those that have ended and those to come. It needs no Sentry. It does nothing outside of a trace, and
 * once the trace is dropped, some seconds after the end of its local root.
 */
export function keepTrace(): void {
  preloadApi()?.keepTrace?.();
}

/**
 * Sends an alert to the webhook in TELLTALE_ALERT_URL: Slack's, or any that takes a POST of JSON.
 *
 *     sendAlert("no order for an hour", { severity: "critical", fields: { shop: "Bern" } });
 *
 * It has the service, its environment and release, and the active trace. It is sent in the
 * background. A process sends five a minute, and then the number of those left out.
 *
 * @param options its severity (default: `warning`), and further fields.
 */
export function sendAlert(message: string | Error, options?: AlertOptions): void {
  preloadApi()?.sendAlert?.(message, options);
}

/** Sets a tag of all later events of the current request. */
export function setTag(key: string, value: Primitive): void {
  errors()?.setTag(key, value);
}

/** Sets several tags of all later events of the current request. */
export function setTags(tags: Readonly<Record<string, Primitive>>): void {
  errors()?.setTags?.(tags);
}

/** Sets a value of any kind that later events of the current request have under "Additional Data". */
export function setExtra(key: string, extra: unknown): void {
  errors()?.setExtra?.(key, extra);
}

/** Sets several such values of later events of the current request. */
export function setExtras(extras: Readonly<Record<string, unknown>>): void {
  errors()?.setExtras?.(extras);
}

/** Sets named, structured data of later events of the current request. Null removes it. */
export function setContext(name: string, context: Readonly<Record<string, unknown>> | null): void {
  errors()?.setContext(name, context);
}

/** Adds a breadcrumb to later events of the current request. */
export function addBreadcrumb(breadcrumb: Breadcrumb): void {
  errors()?.addBreadcrumb(breadcrumb);
}

/**
 * Runs `work` in a new scope: what `work` sets on it, or by the functions of this module, applies
 * to `work` and what it starts only.
 */
export function withScope<R>(work: (scope: Scope) => R): R {
  const active = errors();
  if (active === undefined) return work(noopScope);
  return active.withScope((scope) => work(scope ?? noopScope));
}

/**
 * Runs `work` in a new isolation scope, as that of a request: for one of several pieces of work that
 * share a process or a job and no data.
 */
export function withIsolationScope<R>(work: (isolationScope: Scope) => R): R {
  const active = errors();
  if (active?.withIsolationScope === undefined) return work(noopScope);
  return active.withIsolationScope((scope) => work(scope ?? noopScope));
}

/** Returns the id of the last event of the current request, or undefined. */
export function lastEventId(): string | undefined {
  return errors()?.lastEventId?.();
}

/**
 * Sends feedback of a user to Sentry, linked to the active trace and to an event.
 *
 *     captureFeedback({ message, associatedEventId: lastEventId() });
 *
 * @returns the id of the feedback, or undefined if none was created.
 */
export function captureFeedback(
  feedback: SendFeedbackParams,
  hint?: FeedbackHint,
): string | undefined {
  return errors()?.captureFeedback?.(feedback, hint);
}

/**
 * Reports the state of one run of a scheduled job to a monitor in Sentry. For work within one
 * function `withMonitor` is simpler.
 *
 * @param upsertMonitorConfig creates or updates the monitor.
 * @returns the id of the check-in, for the call at the end. As in Sentry, there is one without a DSN too.
 */
export function captureCheckIn(checkIn: CheckIn, upsertMonitorConfig?: MonitorConfig): string {
  return errors()?.captureCheckIn?.(checkIn, upsertMonitorConfig) ?? newCheckInId(checkIn);
}

/**
 * Runs one run of a scheduled job, and reports its start, its end and its duration to a monitor in
 * Sentry. An error or rejection is reported as a failed run, and reaches the caller unchanged.
 *
 * @param upsertMonitorConfig creates or updates the monitor.
 * @returns the result of `callback`.
 */
export function withMonitor<R>(
  monitorSlug: string,
  callback: () => R,
  upsertMonitorConfig?: MonitorConfig,
): R {
  const active = errors();
  if (active?.withMonitor === undefined) return callback();
  return active.withMonitor(monitorSlug, callback, upsertMonitorConfig);
}

/**
 * Sends the pending events. At the end of the process this happens by itself.
 *
 * @param timeoutMs time limit in milliseconds; without one, that of the requests.
 * @returns a promise of true if all were sent in time, and of false otherwise and without Sentry. It
 *   never rejects.
 */
export async function flush(timeoutMs?: number): Promise<boolean> {
  return (await errors()?.flush?.(timeoutMs)) ?? false;
}

/**
 * Wraps `work` so that each call is a unit of work: a trace and a duration with
 * this name, a separate Sentry scope, and an event if it throws or rejects. Use it
 * for work that no request starts:
 *
 *     setInterval(job("sweep", sweep), 60_000);
 *     cron.schedule("0 2 * * *", job("nightly-report", report));
 *
 * @param name must have few values, because it becomes a metric attribute.
 */
export function job<This, Args extends unknown[], R>(
  name: string,
  work: (this: This, ...args: Args) => R,
): (this: This, ...args: Args) => R {
  return function (this: This, ...args: Args): R {
    const run = preloadApi()?.runJob;
    if (run === undefined) return work.apply(this, args);
    return run(name, () => work.apply(this, args));
  };
}

/** Returns the id that ends a check-in, or a new one. */
function newCheckInId(checkIn: CheckIn): string {
  const checkInId = tryRead(() => (checkIn as Partial<CheckIn> | undefined)?.checkInId);
  return checkInId ?? crypto.randomUUID().replaceAll("-", "");
}

function errors(): ErrorsApi | undefined {
  return preloadApi()?.errors;
}

/**
 * Creates a metric of the app that only grows:
 *
 *     const orders = counter("shop.orders", { help: "Orders placed.", unit: "{order}", labels: ["kind"] });
 *     orders.add(1, { kind: "book" });
 *
 * All calls with the same name and unit return the same metric.
 *
 * @param name letters, digits, and `_ . - /`, starting with a letter.
 */
export function counter<const Label extends string = never>(
  name: string,
  options?: InstrumentOptions<Label>,
): Counter<Label> {
  return new AppInstrument("counter", name, options);
}

/** Creates a metric of the app that goes up and down: `gauge("shop.baskets").record(12)`. */
export function gauge<const Label extends string = never>(
  name: string,
  options?: InstrumentOptions<Label>,
): Gauge<Label> {
  return new AppInstrument("gauge", name, options);
}

/**
 * Creates a metric of the distribution of values of the app, by buckets:
 *
 *     const checkout = histogram("shop.checkout", { unit: "s", labels: ["step"] });
 *     const end = checkout.startTimer({ step: "payment" });
 *     await pay();
 *     end();
 */
export function histogram<const Label extends string = never>(
  name: string,
  options?: HistogramOptions<Label>,
): Histogram<Label> {
  return new AppInstrument("histogram", name, options);
}

/**
 * Creates a metric of the distribution of values of the app, by quantiles of the last ten minutes,
 * with a relative error of 1%. They are those of this process: unlike histograms, summaries can't be
 * added up over several.
 */
export function summary<const Label extends string = never>(
  name: string,
  options?: SummaryOptions<Label>,
): Summary<Label> {
  return new AppInstrument("summary", name, options);
}

/**
 * Counts the hits and misses of a cache: `const sessions = watchCache(new LRUCache(…), "sessions")`.
 * A `get` that returns, or resolves to, undefined or null is a miss.
 *
 * @param name identifies the cache in the metric `telltale.cache.requests` and in `getCacheStats()`.
 * @returns the cache itself.
 */
export function watchCache<C extends Gettable>(cache: C, name: string): C {
  try {
    preloadApi()?.caches().watch(cache, name);
  } catch {
    // A frozen cache, for instance, works on, uncounted.
  }
  return cache;
}

/**
 * Returns hits, misses and hit ratio of each cache since the process started: those
 * of `watchCache`, of `cache-manager`, and of Redis (`GET` and `MGET`).
 */
export function getCacheStats(): CacheStats[] {
  try {
    return preloadApi()?.caches().stats() ?? [];
  } catch {
    return [];
  }
}

/**
 * Registers a function that fills a cache. It runs once in the background, by schedule if that is
 * asked for, and by `telltale warm NAME`. Each run is a job with a trace and a time limit. An error
 * or a run that does not end never affects the app. It replaces the warmer of the same name.
 *
 *     registerCacheWarmer("products", async () => {
 *       for (const product of await loadPopular()) products.set(product.id, product);
 *     }, { every: 600_000 });
 *
 * Without the preload it does nothing, and `warm` never runs. Invalid arguments are reported in one
 * line: without a usable name or function there is no warmer.
 *
 * @param name must have few values, because it becomes a metric attribute.
 * @param warm gets the parameters of `telltale warm --param`.
 * @param options when it runs, in milliseconds.
 * @returns a function that removes the warmer. A run in progress goes on.
 */
export function registerCacheWarmer(
  name: string,
  warm: CacheWarmer,
  options?: CacheWarmerOptions,
): () => void {
  try {
    return preloadApi()?.registerCacheWarmer?.(name, warm, options) ?? noop;
  } catch {
    return noop;
  }
}

/**
 * Returns how many requests the HTTP servers of the process have received, and how many
 * of them failed: since the start, and in the last five minutes. Undefined without the preload.
 */
export function getMetricsSummary(): MetricsSummary | undefined {
  return tryRead(() => preloadApi()?.requests().summary());
}

/**
 * Returns the requests of one route since the process started: counts by method, errors,
 * durations with percentiles, queries and cache lookups. Undefined if there were none.
 *
 * @param route as in `http.route`: `/orders/:id`.
 */
export function getEndpointMetrics(route: string): EndpointMetrics | undefined {
  return tryRead(() => preloadApi()?.requests().endpoint(route));
}

/**
 * Logs how long an operation of the app took, and adds it to the metric `telltale.operation.duration`:
 *
 *     logPerformance("import-orders", 1.25, { orders: 300 });
 *
 * @param operation must have few values, because it becomes a metric attribute.
 * @param fields further fields of the log record.
 */
export function logPerformance(operation: string, seconds: number, fields?: EventFields): void {
  try {
    events()?.logPerformance(operation, seconds, fields);
  } catch {
    // Fields that throw when they are read, for instance.
  }
}

/**
 * Runs `work` and measures it as `logPerformance` does, until it returns or its promise settles. An
 * error or rejection is recorded as `error.type` and reaches the caller unchanged.
 *
 *     const orders = await time("import-orders", () => importOrders(file));
 *
 * @returns the result of `work`.
 */
export function time<R>(operation: string, work: () => R, fields?: EventFields): R {
  const active = events();
  return active === undefined ? work() : active.time(operation, work, fields);
}

/**
 * Logs an event that concerns security, with the request that it belongs to, and counts it in the
 * metric `telltale.security.events`:
 *
 *     logSecurityEvent("failed_login", { severity: "medium", account: "ada" });
 *
 * @param event must have few values, because it becomes a metric attribute.
 */
export function logSecurityEvent(
  event: SecurityEvent | (string & {}),
  details?: SecurityEventDetails,
): void {
  try {
    events()?.logSecurityEvent(event, details);
  } catch {
    // Fields that throw when they are read, for instance.
  }
}

function events(): EventsApi | undefined {
  try {
    return preloadApi()?.events?.();
  } catch {
    return undefined;
  }
}

/**
 * Adds a readiness check: while it fails, throws, or takes longer than its time
 * limit, `/readyz` and `/healthz` respond with 503. It replaces the check of the
 * same name.
 *
 *     addHealthCheck("database", checks.pg(pool));
 *     addHealthCheck("search", searchIsUp, { timeout: 500, interval: 10_000, critical: false });
 *
 * @param name appears in the pages and as an attribute of the metric `telltale.health.check.passing`.
 * @param check `telltale/health` has checks for the usual dependencies.
 * @returns a function that removes the check.
 */
export function addHealthCheck(
  name: string,
  check: HealthCheckFunction,
  options?: HealthCheckOptions,
): () => void;
/** The same, with one object: `addHealthCheck({ name: "database", run: async () => … })`. */
export function addHealthCheck(check: HealthCheck): () => void;
export function addHealthCheck(
  first: string | HealthCheck,
  run?: HealthCheckFunction,
  options?: HealthCheckOptions,
): () => void {
  try {
    const check = typeof first === "string" ? healthCheckOf(first, run, options) : first;
    return preloadApi()?.addHealthCheck?.(check) ?? noop;
  } catch {
    return noop;
  }
}

function healthCheckOf(
  name: string,
  run: HealthCheckFunction | undefined,
  { timeout: timeoutMs, interval: intervalMs, critical }: HealthCheckOptions = {},
): HealthCheck {
  return { name, run, timeoutMs, intervalMs, critical } as HealthCheck;
}

/**
 * Ends the process in order at SIGTERM and SIGINT: `/readyz` fails, and after some time the server
 * closes; requests and jobs in flight finish; `onShutdown` closes dependencies; telemetry is sent;
 * the process dies of the signal. Idle connections are closed, and a second signal ends the process
 * at once. Has no effect without the preload, and in worker threads.
 *
 *     const server = app.listen(3000);
 *     gracefulShutdown(server, { onShutdown: () => pool.end() });
 *
 * @param servers one, or several.
 */
export function gracefulShutdown(
  servers: ShutdownServer | readonly ShutdownServer[],
  options?: GracefulShutdownOptions,
): void {
  try {
    preloadApi()?.gracefulShutdown?.(servers, options);
  } catch {
    // A proxy that throws when it is read, for instance.
  }
}

/**
 * Sets the level of loggers while the process runs: those of `telltale/logger` by their
 * names, all winston loggers of the app as `winston`, and those of pino as `pino`. It takes
 * precedence over all other levels. Other input is reported in one line, and ignored.
 *
 *     setLogLevel("api.cache", "debug", { forMs: 600_000 });
 *
 * @param name applies to the names below it too; `*` to all loggers.
 * @param level null removes what was set.
 */
export function setLogLevel(
  name: string,
  level: LoggerLevel | null,
  options?: SetLogLevelOptions,
): void {
  try {
    const api = existingLoggerApi();
    const problem = api?.changeLevel(name, level, options?.forMs);
    if (problem !== undefined)
      api?.warn("setLogLevel", `setLogLevel ${problem}; no level is changed`);
  } catch {
    // A preload of an earlier version has no levels.
  }
}

/**
 * Adds secrets to the policy of redaction, and exceptions from it. From then on it applies to all
 * that leaves this thread, and to the lines of `telltale/logger`. Unusable entries are reported in
 * one line each, and left out. Adding the same again has no effect.
 *
 *     addRedaction({ fields: ["nationalId", "user.*"], patterns: [/EMP-\d{6}/], exceptions: ["pin"] });
 */
export function addRedaction(additions: RedactionAdditions): void {
  try {
    const api = existingLoggerApi();
    if (api === undefined) addRedactionLater(additions);
    else api.addRedaction?.(additions);
  } catch {
    // A preload of an earlier version has no such function.
  }
}

/**
 * Types the default export of an extension: the module of `TELLTALE_EXTENSION`, or
 * `telltale.config.js` beside the app's `package.json`.
 *
 *     export default defineConfig({ spanProcessors: [new BaggageSpanProcessor(ALLOW_ALL_BAGGAGE_KEYS)] });
 *
 * @param config a configuration, a promise of one, or a function that returns either.
 * @returns the same.
 */
export function defineConfig<Config extends ExtensionSource>(config: Config): Config {
  return config;
}

function noop(): void {}
