import { AsyncLocalStorage } from "node:async_hooks";
import { lazy } from "../lazy.ts";
import type { Context as ApiContext } from "@opentelemetry/api";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { runInThrowContext } from "../context/manager.ts";
import { activeErrorSlot, setUserId } from "../context/unit-access.ts";
import type { ErrorSlot } from "../context/unit-views.ts";
import type { Pipeline } from "../export/pipeline.ts";
import { tryRead } from "../try-read.ts";
import { allowForeignRegistration } from "../register-api.ts";
import { type AppSentryClient, type SentryCarrier, watchCarriers } from "./sentry-carrier.ts";
import type { ErrorsClient } from "./client.ts";
import type { ExceptionCounter } from "./exception-counter.ts";
import type { CronCheckIns } from "./monitors/cron-check-ins.ts";
import type { RequestSessions } from "./sessions/request-sessions.ts";
import { watchUncaughtErrors } from "./uncaught-errors.ts";
import type {
  Breadcrumb,
  CaptureContext,
  CheckIn,
  FeedbackHint,
  MonitorConfig,
  Primitive,
  Scope,
  SendFeedbackParams,
  SeverityLevel,
  User,
} from "../api.ts";
import type { Errors, ErrorsDeps, FatalOrigin, JobCheckIn, SentryBinding } from "./api.ts";

const loadClient = lazy<typeof import("./client.ts")>("errors/client.ts");
const loadIsolatedPart = lazy<typeof import("../context/isolated-part.ts")>(
  "context/isolated-part.ts",
);
const loadCronCheckIns = lazy<typeof import("./monitors/cron-check-ins.ts")>(
  "errors/monitors/cron-check-ins.ts",
);
const loadLostCaptures = lazy<typeof import("./lost-captures.ts")>("errors/lost-captures.ts");
const loadExceptionCounter = lazy<typeof import("./exception-counter.ts")>(
  "errors/exception-counter.ts",
);
const loadSessions = lazy<typeof import("./sessions/request-sessions.ts")>(
  "errors/sessions/request-sessions.ts",
);
const loadAppSentry = lazy<typeof import("./app-sentry.ts")>("errors/app-sentry.ts");

export function createErrors(deps: ErrorsDeps): Errors {
  return new LazyErrors(deps);
}

/** Sentry's categories of what is lost while it cannot be loaded. */
type LostCategory = "error" | "feedback" | "monitor";

/** What could not be captured, in a message. */
const captured: Readonly<Record<LostCategory, string>> = {
  error: "an error",
  feedback: "feedback",
  monitor: "a check-in",
};

/** When Sentry is loaded if nothing has needed it yet, in milliseconds after `start`. */
const PRELOAD_DELAY_MS = 1_000;
/** How often counts of requests are sent, in milliseconds, as in Sentry's SDKs. */
const SESSION_INTERVAL_MS = 60_000;
/** How long a failed load is not retried, in milliseconds: errors may arrive in bursts. */
const RELOAD_DELAY_MS = 100;

/**
 * Loads Sentry when it is first needed: by a capture, by data that is set for
 * one, or by a copy of Sentry in the app; at the latest a second after the start,
 * so that the first failing request need not wait for it.
 */
class LazyErrors implements Errors {
  readonly #deps: ErrorsDeps;
  readonly #isEnabled: boolean;
  /** Runs outside of all requests, so that timers of the client retain none. */
  readonly #outside = AsyncLocalStorage.snapshot();
  #client: ErrorsClient | undefined = undefined;
  /** Whether the app has set up Sentry itself. */
  #isDelegated = false;
  #appSentry: SentryBinding | undefined = undefined;
  #cronCheckIns: CronCheckIns | undefined = undefined;
  #exceptions: ExceptionCounter | undefined = undefined;
  #isLoading = false;
  /** Counts of requests, unless that is off. Loaded with the first one. */
  #sessions: RequestSessions | undefined = undefined;
  #countsRequests: boolean;
  #sessionTimer: NodeJS.Timeout | undefined = undefined;
  /** Whether an uncaught error has occurred, which the app may survive. */
  #hadFatal = false;
  /** Number of events that were lost because Sentry could not be loaded, for its next client report. */
  readonly #unreported = { error: 0, feedback: 0, monitor: 0 };
  /** When a failed load is retried, in milliseconds of `performance.now()`. */
  #reloadAt: number | undefined = undefined;

  constructor(deps: ErrorsDeps) {
    this.#deps = deps;
    this.#isEnabled = (deps.config.dsn ?? deps.config.spotlight) !== undefined;
    this.#countsRequests = deps.config.dsn !== undefined && deps.config.sessions;
  }

  start(onDelegated: () => void): void {
    watchCarriers({
      load: this.#isEnabled ? () => void this.#load() : undefined,
      onClient: (client, carrier) => {
        this.#delegateTo(client, carrier);
        this.#tryToLink(onDelegated);
      },
      onForeignScope: (scope, version) => this.#watchLostCaptures(scope, version),
    });
    if (!this.#isEnabled) return;
    const handlers = {
      onFatal: (error: unknown, origin: FatalOrigin) => this.captureFatal(error, origin),
      onRejection: (reason: unknown) => this.captureRejection(reason),
    };
    watchUncaughtErrors(handlers, this.#deps.nodeFlags);
    setTimeout(() => this.#load(), PRELOAD_DELAY_MS).unref();
    // Created outside of any request, so that it retains none. Restarted with `refresh`.
    this.#sessionTimer = setTimeout(() => this.#sendSessions(), SESSION_INTERVAL_MS).unref();
  }

  captureException(error: unknown, context?: CaptureContext): string | undefined {
    if (!this.#isEnabled && !this.#isDelegated) activeErrorSlot()?.writeBufferedLines();
    const id = this.#capture((sentry) => sentry.captureException(error, context));
    this.#count([error], activeErrorSlot(), true);
    return id;
  }

  captureMessage(message: string, context?: CaptureContext | SeverityLevel): string | undefined {
    return this.#capture((sentry) => sentry.captureMessage(message, context));
  }

  setUser(user: User | null): void {
    setUserId(tryRead(() => user?.id));
    this.#withScope((scope) => scope.setUser(user));
  }

  setTag(key: string, value: Primitive): void {
    this.#withScope((scope) => scope.setTag(key, value));
  }

  setTags(tags: Readonly<Record<string, Primitive>>): void {
    this.#withScope((scope) => scope.setTags(tags));
  }

  setExtra(key: string, extra: unknown): void {
    this.#withScope((scope) => scope.setExtra(key, extra));
  }

  setExtras(extras: Readonly<Record<string, unknown>>): void {
    this.#withScope((scope) => scope.setExtras(extras));
  }

  setContext(name: string, context: Readonly<Record<string, unknown>> | null): void {
    this.#withScope((scope) => scope.setContext(name, context));
  }

  addBreadcrumb(breadcrumb: Breadcrumb): void {
    this.#withScope((scope) => scope.addBreadcrumb(breadcrumb));
  }

  withScope<R>(work: (scope: Scope | undefined) => R): R {
    return this.#runScoped("withScope", work);
  }

  withIsolationScope<R>(work: (scope: Scope | undefined) => R): R {
    return this.#runScoped("withIsolationScope", work);
  }

  lastEventId(): string | undefined {
    return this.#withScope((scope) => scope.lastEventId());
  }

  captureFeedback(feedback: SendFeedbackParams, hint?: FeedbackHint): string | undefined {
    return this.#capture((sentry) => sentry.captureFeedback(feedback, hint), "feedback");
  }

  captureCheckIn(checkIn: CheckIn, config?: MonitorConfig): string | undefined {
    return this.#capture((sentry) => sentry.captureCheckIn(checkIn, config), "monitor");
  }

  withMonitor<R>(monitorSlug: string, work: () => R, config?: MonitorConfig): R {
    const sentry = this.#currentBinding();
    return this.#isolated(sentry, false, () =>
      sentry === undefined ? work() : sentry.withMonitor(monitorSlug, work, config),
    );
  }

  async flush(timeoutMs?: number): Promise<boolean> {
    try {
      return (await this.#currentBinding()?.flush(timeoutMs)) ?? false;
    } catch {
      return false;
    }
  }

  captureServerErrors(unit: ErrorSlot, failures: readonly unknown[]): void {
    if (failures.length === 0) return;
    unit.sessionStatus = "crashed";
    const { length } = failures;
    this.#captureOwn((client) => client.captureServerErrors(unit, failures), "error", length);
    this.#count(failures, unit, false);
  }

  captureJobError(unit: ErrorSlot, willRetry: boolean | undefined): string | undefined {
    if (unit.error === undefined) return undefined;
    const id = this.#captureOwn((client) => client.captureJobError(unit, willRetry));
    this.#count([unit.error], unit, false);
    return id;
  }

  startCheckIn(unit: ErrorSlot): JobCheckIn | undefined {
    const { config } = this.#deps;
    if (!config.cronCheckIns || !(this.#isEnabled || this.#isDelegated)) return undefined;
    return this.#runSafely(() => {
      const capture = this.captureCheckIn.bind(this);
      const { CronCheckIns } = loadCronCheckIns();
      this.#cronCheckIns ??= new CronCheckIns({ ...this.#deps, capture });
      return this.#cronCheckIns.start(unit);
    }, this);
  }

  captureFatal(error: unknown, origin: FatalOrigin): void {
    if (!process.hasUncaughtExceptionCaptureCallback()) this.#hadFatal = true;
    runInThrowContext(() => {
      this.#captureOwn((client) => client.captureFatal(error, origin));
      this.#count([error], activeErrorSlot(), false);
    });
  }

  countRequest(unit: ErrorSlot, endedAt: number, isInterrupted: boolean): void {
    if (!this.#countsRequests) return;
    this.#sessions ??= new (loadSessions().RequestSessions)(() => this.#sessionTimer?.refresh());
    // A signal leaves the exit code unset.
    const isCrash = isInterrupted && this.#hadFatal && Number(process.exitCode ?? 0) !== 0;
    this.#sessions.count(isCrash ? "crashed" : unit.sessionStatus, endedAt);
  }

  hasUnsentSessions(): boolean {
    return this.#sessions?.hasUnsent === true;
  }

  captureRejection(reason: unknown): void {
    this.#captureOwn((client) => client.captureRejection(reason));
    this.#count([reason], activeErrorSlot(), false);
  }

  /** Counts errors, after their events, which keep the trace that an exemplar needs. */
  #count(errors: readonly unknown[], unit: ErrorSlot | undefined, isHandled: boolean): void {
    const { meter } = this.#deps;
    if (meter === undefined) return;
    this.#runSafely((load) => {
      this.#exceptions ??= new (load().ExceptionCounter)(meter());
      for (const error of errors) this.#exceptions.add(error, unit, isHandled);
    }, loadExceptionCounter);
  }

  captureLogged(error: object, record: ReadableLogRecord, context: ApiContext): string | undefined {
    return this.#captureOwn((client) => client.captureLogged(error, record, context));
  }

  readonly pipeline: Pipeline = {
    // For Sentry, 0 is no limit.
    flush: async (timeoutMs) => void (await this.#client?.flush(Math.max(timeoutMs, 1))),
    drainForExit: () => {
      const client = this.hasUnsentSessions() ? this.#load() : this.#client;
      return client?.drainForExit() ?? [];
    },
  };

  /** Whether telltale sends the errors, and not the app's own Sentry. */
  get #isOwner(): boolean {
    return this.#isEnabled && !this.#isDelegated;
  }

  #capture<R>(work: (sentry: SentryBinding) => R, category?: LostCategory): R | undefined {
    return this.#isDelegated
      ? this.#runSafely(work, this.#appSentry, captured[category ?? "error"])
      : this.#captureOwn(work, category);
  }

  /** The app's own Sentry captures such errors by itself. Counts events that fail because Sentry cannot be loaded. */
  #captureOwn<R>(
    work: (client: ErrorsClient) => R,
    category: LostCategory = "error",
    count = 1,
  ): R | undefined {
    if (!this.#isOwner) return undefined;
    const client = this.#load();
    if (client === undefined) {
      this.#deps.counters.created += count;
      this.#deps.counters.drop("failed", count);
      this.#unreported[category] += count;
    }
    return this.#runSafely(work, client, captured[category]);
  }

  #runScoped<R>(
    method: "withScope" | "withIsolationScope",
    work: (scope: Scope | undefined) => R,
  ): R {
    const sentry = this.#currentBinding();
    return this.#isolated(sentry, method === "withScope", () =>
      sentry === undefined ? work(undefined) : sentry[method](work),
    );
  }

  /** Isolates the ids of `work`. telltale's client does so itself, also for an app that calls Sentry's functions. */
  #isolated<R>(sentry: SentryBinding | undefined, sharesEvents: boolean, work: () => R): R {
    const isOwn = sentry !== undefined && sentry === this.#client;
    const isolation = isOwn ? undefined : tryRead(loadIsolatedPart);
    return isolation === undefined ? work() : isolation.runIsolated(sharesEvents, work);
  }

  #sendSessions(): void {
    if (this.hasUnsentSessions()) this.#runSafely((client) => client.sendSessions(), this.#load());
  }

  /** Sentry discards sessions without a release, and the app's own Sentry counts them itself. */
  #stopSessions(): void {
    this.#countsRequests = false;
    this.#sessions = undefined;
  }

  #withScope<R>(work: (scope: Scope) => R): R | undefined {
    const binding = this.#currentBinding();
    return this.#runSafely((sentry) => work(sentry.isolationScope()), binding, "data of events");
  }

  /** Errors of Sentry, and of getters of the app's values, do not reach the app. */
  #runSafely<Binding, R>(
    work: (binding: Binding) => R,
    binding: Binding | undefined,
    what = captured.error,
  ): R | undefined {
    if (binding === undefined) return undefined;
    try {
      return work(binding);
    } catch (error) {
      const reason = tryRead(() => String(error)) ?? "it can't be read";
      this.#deps.diagnostics.warn("errors", `${what} could not be captured: ${reason}`);
      return undefined;
    }
  }

  #currentBinding(): SentryBinding | undefined {
    return this.#isDelegated ? this.#appSentry : this.#load();
  }

  /** Returns undefined while it is being loaded, and until the next attempt if that failed. */
  #load(): ErrorsClient | undefined {
    if (this.#client !== undefined || this.#isLoading || !this.#isOwner) return this.#client;
    if (this.#reloadAt !== undefined && performance.now() < this.#reloadAt) return undefined;
    this.#isLoading = true;
    try {
      this.#client = this.#outside(() =>
        loadClient().createErrorsClient(this.#deps, () => this.#sessions?.take() ?? []),
      );
      if (!this.#client.hasRelease) this.#stopSessions();
      this.#client.reportUnloaded(this.#unreported);
      if (this.#reloadAt !== undefined) this.#logLoad("info", "Sentry is loaded now");
    } catch (error) {
      this.#reloadAt = performance.now() + RELOAD_DELAY_MS;
      this.#logLoad(
        "warn",
        `Sentry can't be loaded: ${String(error)} (tried again with the next error, until then events are dropped and counted)`,
      );
    } finally {
      this.#isLoading = false;
    }
    return this.#client;
  }

  /**
   * Delegates to the app's own Sentry: with a DSN it gets the errors, and it may
   * register with the OpenTelemetry API. Called from within its `init`.
   */
  #delegateTo(client: AppSentryClient, carrier: SentryCarrier): void {
    this.#isDelegated ||= client.getDsn?.() !== undefined;
    if (this.#isDelegated) this.#stopSessions();
    const appSentryModule = this.#tryToLink(() => loadAppSentry());
    if (this.#isDelegated) this.#appSentry = appSentryModule?.createAppBinding(carrier);
    this.#tryToLink(() => appSentryModule?.linkTraces(client, carrier, this.#deps));
    allowForeignRegistration((replacedApis) => {
      if (replacedApis !== undefined)
        this.#tryToLink(() => appSentryModule?.extractOwnTrace(replacedApis));
      const { config, diagnostics } = this.#deps;
      const hasApi = replacedApis !== undefined;
      const text = appSentryModule?.delegationNotice(client, config, hasApi) ?? "";
      // Without a DSN of telltale's, and with telltale's API, nothing is other than configured.
      const level = this.#isEnabled || hasApi ? "warn" : "info";
      if (text !== "") diagnostics[level]("errors.foreign", text);
    });
  }

  #watchLostCaptures(scope: object, version: string): void {
    if (!this.#isEnabled) return;
    this.#tryToLink(() => {
      const { lostCapturesNotice, watchLostCaptures } = loadLostCaptures();
      watchLostCaptures(scope, () => {
        if (this.#isOwner) this.#deps.diagnostics.warn("errors.lost", lostCapturesNotice(version));
      });
    });
  }

  /** The app's own Sentry works without this. */
  #tryToLink<R>(work: () => R): R | undefined {
    try {
      return work();
    } catch (error) {
      const { diagnostics } = this.#deps;
      diagnostics.warn(
        "errors.join",
        `the app's Sentry has trace ids of its own, ours could not be given to it: ${String(error)}`,
      );
      return undefined;
    }
  }

  #logLoad(level: "info" | "warn", message: string): void {
    this.#deps.diagnostics[level](`errors.load.${level}`, message);
  }
}
