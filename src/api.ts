import type { InstrumentsApi } from "./metrics-api.ts";

/*
 * The contract between the public API (`index.ts`) and the preload, with the
 * types of its arguments. This file imports no package, so that the published
 * declarations need none.
 */

/** Sentry's levels, most severe first. */
export type SeverityLevel = "fatal" | "error" | "warning" | "log" | "info" | "debug";

export type Primitive = string | number | boolean | bigint | symbol | null | undefined;

/** The user of an event. Every field is optional and sent unchanged. */
export interface User {
  readonly id?: string | number;
  readonly email?: string;
  readonly username?: string;
  readonly [field: string]: unknown;
}

/** An event that led to an error. */
export interface Breadcrumb {
  readonly type?: string;
  readonly category?: string;
  readonly message?: string;
  readonly level?: SeverityLevel;
  /** Seconds since 1970. Default: now. */
  readonly timestamp?: number;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Data of a single event. */
export interface CaptureHint {
  readonly level?: SeverityLevel;
  readonly user?: User;
  readonly tags?: Readonly<Record<string, Primitive>>;
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly contexts?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly fingerprint?: readonly string[];
}

/** Data of a single event, or a function that sets it on a copy of the current scope and returns that copy. */
export type CaptureContext = CaptureHint | ((scope: Scope) => Scope);

/** Sentry's scope: data of the events that are captured within it. */
export interface Scope {
  /** Null removes the user. */
  setUser(user: User | null): this;
  setTag(key: string, value: Primitive): this;
  setTags(tags: Readonly<Record<string, Primitive>>): this;
  setExtra(key: string, extra: unknown): this;
  setExtras(extras: Readonly<Record<string, unknown>>): this;
  /** Null removes the context. */
  setContext(name: string, context: Readonly<Record<string, unknown>> | null): this;
  setLevel(level: SeverityLevel): this;
  /** Sets the value by which Sentry groups events into issues. */
  setFingerprint(fingerprint: readonly string[]): this;
  setTransactionName(name?: string): this;
  addBreadcrumb(breadcrumb: Breadcrumb): this;
  clearBreadcrumbs(): this;
  /** Returns the id of the last event. */
  lastEventId(): string | undefined;
}

/** A file that is sent with an event. */
export interface Attachment {
  readonly filename: string;
  readonly data: string | Uint8Array;
  readonly contentType?: string;
}

/** Feedback of a user. */
export interface SendFeedbackParams {
  readonly message: string;
  readonly name?: string;
  readonly email?: string;
  /** The page that the feedback is about. */
  readonly url?: string;
  /** The form or channel that the feedback comes from. */
  readonly source?: string;
  /** The id of the event that the feedback is about, as `captureException` returns it. */
  readonly associatedEventId?: string | undefined;
  readonly tags?: Readonly<Record<string, Primitive>>;
}

/** Data of a single feedback. */
export interface FeedbackHint {
  readonly captureContext?: CaptureContext;
  readonly attachments?: readonly Attachment[];
}

/** The state of one run of a monitored job. */
export type CheckIn = StartedCheckIn | EndedCheckIn;

interface StartedCheckIn {
  /** The name of the monitor in Sentry's URLs. */
  readonly monitorSlug: string;
  readonly status: "in_progress";
  /** Default: a new id. */
  readonly checkInId?: string;
}

interface EndedCheckIn {
  readonly monitorSlug: string;
  readonly status: "ok" | "error";
  /** The id that the check-in had at its start. */
  readonly checkInId?: string;
  /** In seconds. */
  readonly duration?: number | undefined;
}

/** The schedule of a monitor: a crontab of five fields, or an interval. */
export type MonitorSchedule =
  | { readonly type: "crontab"; readonly value: string }
  | {
      readonly type: "interval";
      readonly value: number;
      readonly unit: "year" | "month" | "week" | "day" | "hour" | "minute";
    };

/** Settings with which a check-in creates or updates its monitor in Sentry. */
export interface MonitorConfig {
  readonly schedule: MonitorSchedule;
  /** How late a run may start, in minutes. Sentry's default: 1. */
  readonly checkinMargin?: number | undefined;
  /** How long a run may last, in minutes. Sentry's default: 30. */
  readonly maxRuntime?: number | undefined;
  /** The time zone of the schedule, such as `Europe/Berlin`. Sentry's default: UTC. */
  readonly timezone?: string | undefined;
  /** The number of failures in a row that create an issue. */
  readonly failureIssueThreshold?: number | undefined;
  /** The number of successes in a row that resolve the issue. */
  readonly recoveryThreshold?: number | undefined;
  /** Whether `withMonitor` starts a new trace for its callback. */
  readonly isolateTrace?: boolean;
}

/** Statistics of one cache since the process started. */
export interface CacheStats {
  readonly name: string;
  readonly hits: number;
  readonly misses: number;
  /** Share of hits among all lookups, from 0 to 1. */
  readonly ratio: number;
}

/** A cache with a `get`, such as `LRUCache`, `Map` or Keyv. */
export interface Gettable {
  get(...args: never[]): unknown;
}

/** Requests of HTTP servers. */
export interface RequestCounts {
  readonly requests: number;
  /** Responses with a status from 400 to 499. */
  readonly errors4xx: number;
  /** Responses with a status of 500 or above. */
  readonly errors5xx: number;
  /** Responses with status 429. */
  readonly rateLimitHits: number;
  /** Share of requests that failed, from 0 to 1: with a status of 500 or above, or with an error. */
  readonly errorRate: number;
}

/** Requests of all HTTP servers of the process. */
export interface MetricsSummary {
  /** When the process started, in ISO 8601. */
  readonly startedAt: string;
  readonly sinceStart: RequestCounts;
  readonly lastFiveMinutes: RequestCounts;
}

/** Requests of one route since the process started. */
export interface EndpointMetrics extends RequestCounts {
  /** The route as in `http.route`; null for requests without one. */
  readonly route: string | null;
  /** Number of requests by method, as in `http.request.method`. */
  readonly requestsByMethod: Readonly<Record<string, number>>;
  /** Durations in seconds; the percentiles have a relative error of at most 1%. */
  readonly duration: {
    readonly mean: number;
    readonly min: number;
    readonly max: number;
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
  };
  /** Database queries: all, and by request; their time by request in seconds. */
  readonly queries: {
    readonly total: number;
    readonly mean: number;
    readonly meanDuration: number;
  };
  /** Results of cache lookups. */
  readonly cache: { readonly hits: number; readonly misses: number };
}

/** The functions of the request summary behind the public API. */
export interface SummaryApi {
  summary(): MetricsSummary;
  endpoint(route: string | undefined): EndpointMetrics | undefined;
  endpoints(): EndpointMetrics[];
}

/** A request for a page of the admin server on the app's own port. */
export interface MountedRequest {
  /** Which pages the handler serves. */
  readonly pages: "health" | "metrics";
  /** `http.IncomingMessage`. */
  readonly request: object;
  /** `http.ServerResponse`. */
  readonly response: object;
  /** The path below the mount path. Default: that of the request's URL. */
  readonly path: string | undefined;
  /** Passes a request for another page on. Undefined: it gets a 404. */
  readonly next: (() => void) | undefined;
  readonly token: string | undefined;
  readonly authorize: ((request: object) => unknown) | undefined;
}

/** Further data of an event, by name. */
export type EventFields = Readonly<Record<string, unknown>>;

/** How bad a security event is. Its log record is INFO, WARN, ERROR or FATAL. */
export type SecuritySeverity = "low" | "medium" | "high" | "critical";

/** Usual security events. Any other name is accepted, too. */
export type SecurityEvent =
  | "login"
  | "logout"
  | "failed_login"
  | "account_locked"
  | "password_changed"
  | "mfa_failed"
  | "access_denied"
  | "invalid_token"
  | "csrf_detected"
  | "invalid_input"
  | "permission_changed"
  | "data_exported"
  | "rate_limit_exceeded"
  | "suspicious_activity";

/** Data of a security event: its severity, its message, and any further fields. */
export interface SecurityEventDetails extends EventFields {
  /** Default: that of the event, else `medium`. */
  readonly severity?: SecuritySeverity;
  /** Default: the name of the event in words. */
  readonly message?: string;
}

/** How urgent an alert is. */
export type AlertSeverity = "info" | "warning" | "error" | "critical";

/** Data of an alert. */
export interface AlertOptions {
  /** Default: `warning`. */
  readonly severity?: AlertSeverity;
  /** Further data; the first 20 are sent. Secrets are redacted. */
  readonly fields?: EventFields;
}

/** Sends an alert in the background. */
export type SendAlert = (message: string | Error, options?: AlertOptions) => void;

/** The statuses of the "health check response" draft (draft-inadarei-api-health-check). */
export type HealthStatus = "pass" | "warn" | "fail";

export interface HealthCheckResult {
  readonly status: HealthStatus;
  /** Shown in `/healthz` and `/readyz`. Must hold no secret. */
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

/** What a check gets for one run. */
export interface HealthCheckContext {
  /** Aborted when the time limit of the run is over. */
  readonly signal: AbortSignal;
  /** The time limit in milliseconds. */
  readonly timeout: number;
}

/** Checks something once. No result is a `pass`; an error and a timeout are a `fail`. */
export type HealthCheckFunction = (
  context: HealthCheckContext,
) => HealthCheckResult | undefined | void | Promise<HealthCheckResult | undefined | void>;

/** How a check runs. Times are in milliseconds. */
export interface HealthCheckOptions {
  /** Time limit of one run. Default: 1000. */
  readonly timeout?: number;
  /** How long a result is reused, at least 100. Default: 5000. */
  readonly interval?: number;
  /** Whether the process is not ready while the check fails. Default: true. Else a failure is a warning. */
  readonly critical?: boolean;
}

/**
 * A check of the process's health. `fail` makes the process not ready, and so do
 * an error and a timeout. No result is a `pass`.
 */
export interface HealthCheck {
  readonly name: string;
  /** Time limit of one run, in milliseconds. Default: 1000. */
  readonly timeoutMs?: number;
  /** How long a result is reused, in milliseconds, at least 100. Default: 5000. */
  readonly intervalMs?: number;
  /** Whether the process is not ready while the check fails. Default: true. Else a failure is a warning. */
  readonly critical?: boolean;
  run(context: HealthCheckContext): ReturnType<HealthCheckFunction>;
}

/** What has started a run of a cache warmer: its registration, its schedule, or `telltale warm`. */
export type CacheWarmingTrigger = "start" | "schedule" | "command";

/** What a cache warmer gets for one run, beside the parameters. */
export interface CacheWarmingContext {
  readonly trigger: CacheWarmingTrigger;
  /** Aborted when the time limit of the run is over, and when the process shuts down. */
  readonly signal: AbortSignal;
}

/**
 * Fills a cache once. A run ends with the promise that it returns.
 *
 * @param params those of `telltale warm --param user=123`; empty at the start and by schedule.
 */
export type CacheWarmer = (
  params: Readonly<Record<string, string>>,
  context: CacheWarmingContext,
) => unknown;

/** When a cache warmer runs. Times are in milliseconds. */
export interface CacheWarmerOptions {
  /** Whether it runs once after it is registered. Default: true. */
  readonly onStart?: boolean;
  /**
   * Whether the process is not ready until that run has ended, with or without success. Default:
   * false.
   */
  readonly beforeReady?: boolean;
  /**
   * From the end of a run to the next one, at least 1000. It is varied by 10% at random, so that
   * replicas don't run at the same time. Default: no runs by schedule.
   */
  readonly every?: number;
  /** Time limit of one run. Default: 60,000. */
  readonly timeout?: number;
}

/** A server of `node:http`, `node:https` or `node:http2`, or an app of Fastify. */
export interface ShutdownServer {
  close(...args: never[]): unknown;
  listen(...args: never[]): unknown;
}

/** How a process ends in order. Times are in milliseconds. */
export interface GracefulShutdownOptions {
  /**
   * From the signal to the end of the process, in any case. It should be less than what the
   * orchestrator waits. Default: 25,000.
   */
  readonly deadline?: number;
  /**
   * From the signal until the servers close: at least one period of the readiness probe. Default:
   * 10,000, or 40% of the deadline if that is less.
   */
  readonly wait?: number;
  /** What `/readyz` responds from the signal on: 503, or as before. Default: `fail`. */
  readonly readiness?: "fail" | "keep";
  /** Stops what starts new work, such as consumers of queues, when the servers close. */
  readonly onDrain?: ((signal: string) => unknown) | undefined;
  /** Closes dependencies, when no work is in flight any more. */
  readonly onShutdown?: ((signal: string) => unknown) | undefined;
}

/** The error functions behind the public API. None of them throws. */
export interface ErrorsApi {
  /** Returns the id of the event, or the earlier id of an error that was captured before. */
  captureException(error: unknown, context?: CaptureContext): string | undefined;
  captureMessage(message: string, context?: CaptureContext | SeverityLevel): string | undefined;
  /** Sets the user of the current request or, outside of one, of the process. Null removes it. */
  setUser(user: User | null): void;
  setTag(key: string, value: Primitive): void;
  setTags(tags: Readonly<Record<string, Primitive>>): void;
  setExtra(key: string, extra: unknown): void;
  setExtras(extras: Readonly<Record<string, unknown>>): void;
  /** Null removes the context. */
  setContext(name: string, context: Readonly<Record<string, unknown>> | null): void;
  addBreadcrumb(breadcrumb: Breadcrumb): void;
  /**
   * Runs `work` in new scopes, which also apply to the asynchronous work that it starts,
   * with the current one, or undefined without Sentry.
   */
  withScope<R>(work: (scope: Scope | undefined) => R): R;
  /** As `withScope`, with the isolation scope. */
  withIsolationScope<R>(work: (scope: Scope | undefined) => R): R;
  /** Returns the id of the last event of the isolation scope. */
  lastEventId(): string | undefined;
  /** Returns the id of the feedback. */
  captureFeedback(feedback: SendFeedbackParams, hint?: FeedbackHint): string | undefined;
  /** Returns the id of the check-in, or undefined without Sentry. */
  captureCheckIn(checkIn: CheckIn, config?: MonitorConfig): string | undefined;
  /** Runs `work`, without Sentry too, and returns its result, or a promise of it. */
  withMonitor<R>(monitorSlug: string, work: () => R, config?: MonitorConfig): R;
  /** Sends the pending events. Resolves with false without Sentry, and if time runs out. */
  flush(timeoutMs?: number): Promise<boolean>;
}

/** The cache functions behind the public API. */
export interface CachesApi {
  /** Counts the results of `cache.get` from now on. Null and undefined are misses. */
  watch(cache: Gettable, name: string): void;
  stats(): CacheStats[];
}

/** The levels of loggers: those of winston, those that pino has beside them, and `none`. */
export type LoggerLevel =
  | "none"
  | "fatal"
  | "error"
  | "warn"
  | "info"
  | "http"
  | "verbose"
  | "debug"
  | "silly"
  | "trace";

/** How long a level applies. */
export interface SetLogLevelOptions {
  /** In milliseconds. Default: until it is removed. */
  readonly forMs?: number;
}

/** What the app adds to the policy of secrets. All entries are optional. */
export interface RedactionAdditions {
  /** Names (`nationalId`) and paths (`user.*`) of further secret fields. */
  readonly fields?: readonly string[];
  /** What is a secret within any text. The syntax is that of RE2: no look-around, no back references. */
  readonly patterns?: readonly RegExp[];
  /** Names and paths of fields that are no secrets, and patterns of secrets that are none. */
  readonly exceptions?: readonly (string | RegExp)[];
}

/** What the loggers of `telltale/logger` need. None of the functions throws. */
export interface LoggerApi {
  readonly service: string;
  readonly environment: string;
  readonly lineFormat: "json" | "text";
  /** Whether lines can have ids: false without the preload. */
  readonly isPreloaded: boolean;
  /**
   * Returns the level of the loggers of this name.
   *
   * @param own the level that the app's code has assigned, if it has.
   * @param initial the level where no rule applies. Default: `info`.
   */
  levelOf(name: string, own: string | undefined, initial?: string): string;
  /**
   * Sets the level of the loggers of a name, or removes it (null). Returns why nothing was
   * changed, or undefined.
   */
  changeLevel(name: unknown, level: unknown, forMs: unknown): string | undefined;
  /** Returns the levels that were set, by name, with the time until which they apply. */
  changedLevels(): ReadonlyMap<
    string,
    { readonly level: LoggerLevel; readonly until: number | undefined }
  >;
  /** Whether a line below the level of its logger is kept, since its unit of work may fail. */
  buffersLine(level: string): boolean;
  /** Adds the ids of the active trace and unit of work to a line. Ids that it has stay. */
  addIds(line: object): void;
  /** Returns the fields with their secrets redacted. They are copies of the app's values. */
  redact(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
  /** Adds to the policy of secrets. What is unusable is reported and left out. */
  addRedaction(additions: unknown): void;
  /** Logs a message of telltale's own, once a minute for each key. */
  warn(key: string, message: string): void;
}

/** The event functions behind the public API. */
export interface EventsApi {
  /** Logs and measures an operation of the app. */
  logPerformance(operation: string, seconds: number, fields?: EventFields): void;
  /** Runs `work`, and logs and measures it at its end. Its result, error or rejection is passed on. */
  time<R>(operation: string, work: () => R, fields?: EventFields): R;
  /** Logs and counts a security event. */
  logSecurityEvent(event: string, details?: SecurityEventDetails): void;
}

/**
 * The API of the preload. It is published on the global object, because the app's
 * copy of `index.ts` may be bundled into the app, or of another version.
 */
export interface PreloadApi {
  readonly version: string;
  readonly errors: ErrorsApi;
  /** Sets the organization of the active unit of work. Null removes it. Never throws. */
  readonly setOrganization: (id: string | number | null) => void;
  /** Replaces the request id of the active unit of work. Never throws. */
  readonly setRequestId: (id: string | number) => void;
  /** Keeps the local trace of the active span or unit of work. Never throws. */
  readonly keepTrace: () => void;
  /** Never throws. */
  readonly sendAlert: SendAlert;
  /** Runs `work` as a unit of work. Its return value, error or rejection is passed on unchanged. */
  readonly runJob: <R>(name: string, work: () => R) => R;
  /** Created at the first use. */
  readonly caches: () => CachesApi;
  /** Created at the first use. */
  readonly requests: () => SummaryApi;
  /** Created at the first use. */
  readonly events: () => EventsApi;
  /** Created at the first use. */
  readonly instruments: () => InstrumentsApi;
  /** Serves a page of the admin server. Never throws. */
  readonly servePage: (request: MountedRequest) => void;
  /** Adds a readiness check, or replaces the one of the same name. Returns a function that removes it. */
  readonly addHealthCheck: (check: HealthCheck) => () => void;
  /** Adds a cache warmer, or replaces the one of the same name. Returns a function that removes it. */
  readonly registerCacheWarmer: (
    name: string,
    warm: CacheWarmer,
    options: CacheWarmerOptions | undefined,
  ) => () => void;
  /** Adds servers, and how they end, to the graceful shutdown. Never throws. */
  readonly gracefulShutdown: (
    servers: ShutdownServer | readonly ShutdownServer[],
    options: GracefulShutdownOptions | undefined,
  ) => void;
  /** Created at the first use. */
  readonly logger: () => LoggerApi;
}

const API: unique symbol = Symbol.for("telltale") as never;
const STARTED: unique symbol = Symbol.for("telltale.started") as never;
const LOGGER: unique symbol = Symbol.for("telltale.logger") as never;
const REDACTIONS: unique symbol = Symbol.for("telltale.redactions") as never;
const globals = globalThis as {
  [API]?: PreloadApi;
  [STARTED]?: boolean;
  [LOGGER]?: LoggerApi;
  /** What was added before there is a logger, in a process without the preload. */
  [REDACTIONS]?: unknown[];
};

/** Returns true only for the first call in this thread, from whichever copy of the preload. */
export function claimStart(): boolean {
  if (globals[STARTED] === true) return false;
  Object.defineProperty(globals, STARTED, { value: true });
  return true;
}

/** Returns undefined without a preload. */
export function preloadApi(): PreloadApi | undefined {
  return globals[API];
}

export function publishApi(api: PreloadApi): void {
  Object.defineProperty(globals, API, { value: api, configurable: true });
}

/** Returns what loggers need, if there is a preload or a logger. */
export function existingLoggerApi(): LoggerApi | undefined {
  return globals[LOGGER] ?? preloadApi()?.logger?.();
}

/**
 * Returns what loggers need: of the preload, or without one what `create` returns. All
 * copies of `telltale/logger` share it.
 */
export function loggerApi(create: () => LoggerApi): LoggerApi {
  const published = globals[LOGGER];
  if (published !== undefined) return published;
  const value = preloadApi()?.logger?.() ?? create();
  Object.defineProperty(globals, LOGGER, { value, configurable: true });
  for (const additions of globals[REDACTIONS]?.splice(0) ?? []) value.addRedaction(additions);
  return value;
}

/** An app that adds something in each request has no effect here. */
const MAX_REDACTIONS = 100;

/** Remembers what is added to the policy of secrets, until the first logger is created. */
export function addRedactionLater(additions: unknown): void {
  const redactions = (globals[REDACTIONS] ??= []);
  if (redactions.length < MAX_REDACTIONS) redactions.push(additions);
}
