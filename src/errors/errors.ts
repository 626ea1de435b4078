import { lazy } from "../lazy.ts";
import { runInThrowContext } from "../context/manager.ts";
import { activeErrorSlot } from "../context/unit-access.ts";
import type { ErrorSlot } from "../context/unit-views.ts";
import type { Pipeline } from "../export/pipeline.ts";
import { allowForeignRegistration } from "../register-api.ts";
import type { AppSentryErrors } from "./app-sentry.ts";
import { type AppSentryClient, type SentryCarrier, watchCarriers } from "./sentry-carrier.ts";
import type { ErrorsClient } from "./client.ts";
import { watchUncaughtErrors } from "./uncaught-errors.ts";
import type { Breadcrumb, CaptureHint, Primitive, SeverityLevel, User } from "../api.ts";
import type { ErrorsDeps, FatalOrigin, Errors } from "./api.ts";

const loadClient = lazy<typeof import("./client.ts")>("errors/client.ts");
const loadAppSentry = lazy<typeof import("./app-sentry.ts")>("errors/app-sentry.ts");

export function createErrors(deps: ErrorsDeps): Errors {
  return new LazyErrors(deps);
}

function recordUserId(user: User | null): void {
  const unit = activeErrorSlot();
  if (unit !== undefined) unit.userId = user?.id === undefined ? undefined : String(user.id);
}

/** When Sentry is loaded though nothing asked for it yet, in milliseconds after `start`. */
const PRELOAD_DELAY_MS = 1_000;
/** How long a load that failed is not tried again, in milliseconds: errors may come in storms. */
const RELOAD_DELAY_MS = 100;

/**
 * Loads Sentry when it is first needed: by a capture, by whatever is set for
 * one, by a copy of Sentry in the app; or, so that the first failing request
 * need not wait for it, a second after the start.
 */
class LazyErrors implements Errors {
  readonly #deps: ErrorsDeps;
  readonly #hasDsn: boolean;
  #client: ErrorsClient | undefined = undefined;
  /** Whether the app has set up Sentry itself. */
  #isDelegated = false;
  #appSentry: AppSentryErrors | undefined = undefined;
  #isLoading = false;
  /** When a load that failed is tried again, by `performance.now()`. */
  #reloadAt: number | undefined = undefined;

  constructor(deps: ErrorsDeps) {
    this.#deps = deps;
    this.#hasDsn = deps.config.dsn !== undefined;
  }

  start(onDelegated: () => void): void {
    watchCarriers({
      load: this.#hasDsn ? () => void this.#load() : undefined,
      onClient: (client, carrier) => {
        this.#delegateTo(client, carrier);
        this.#tryToLink(onDelegated);
      },
    });
    if (!this.#hasDsn) return;
    const handlers = {
      onFatal: (error: unknown, origin: FatalOrigin) => this.captureFatal(error, origin),
      onRejection: (reason: unknown) => this.captureRejection(reason),
    };
    watchUncaughtErrors(handlers, this.#deps.nodeFlags);
    setTimeout(() => this.#load(), PRELOAD_DELAY_MS).unref();
  }

  captureException(error: unknown, hint?: CaptureHint): string | undefined {
    return this.#capture((client) => client.captureException(error, hint));
  }

  captureMessage(message: string, level?: SeverityLevel): string | undefined {
    return this.#capture((client) => client.captureMessage(message, level));
  }

  setUser(user: User | null): void {
    recordUserId(user);
    this.#withClient((client) => client.setUser(user));
  }

  setTag(key: string, value: Primitive): void {
    this.#withClient((client) => client.setTag(key, value));
  }

  setContext(name: string, context: Readonly<Record<string, unknown>> | null): void {
    this.#withClient((client) => client.setContext(name, context));
  }

  setExtra(key: string, value: unknown): void {
    this.#withClient((client) => client.setExtra(key, value));
  }

  addBreadcrumb(breadcrumb: Breadcrumb): void {
    this.#withClient((client) => client.addBreadcrumb(breadcrumb));
  }

  withScope<R>(work: () => R): R {
    const client = this.#currentClient();
    return client === undefined ? work() : client.withScope(work);
  }

  captureServerErrors(unit: ErrorSlot, failures: readonly unknown[]): void {
    if (failures.length === 0) return;
    this.#capture((client) => client.captureServerErrors(unit, failures), failures.length);
  }

  captureJobError(unit: ErrorSlot, willRetry: boolean | undefined): string | undefined {
    if (unit.error === undefined) return undefined;
    return this.#capture((client) => client.captureJobError(unit, willRetry));
  }

  captureFatal(error: unknown, origin: FatalOrigin): void {
    runInThrowContext(() => this.#capture((client) => client.captureFatal(error, origin)));
  }

  captureRejection(reason: unknown): void {
    this.#capture((client) => client.captureRejection(reason));
  }

  readonly pipeline: Pipeline = {
    flush: async (timeoutMs) => this.#client?.flush(timeoutMs),
    drainForExit: () => this.#client?.drainForExit() ?? [],
  };

  /** Whether errors are ours to send. */
  get #isOwner(): boolean {
    return this.#hasDsn && !this.#isDelegated;
  }

  /** Events that can't be made for want of Sentry are counted. */
  #capture<R>(work: (client: AppSentryErrors) => R, count = 1): R | undefined {
    if (this.#isOwner && this.#load() === undefined) {
      this.#deps.counters.created += count;
      this.#deps.counters.drop("failed", count);
      return undefined;
    }
    return this.#withClient(work);
  }

  /** Nothing that goes wrong in here reaches the app. */
  #withClient<R>(work: (client: AppSentryErrors) => R): R | undefined {
    const client = this.#currentClient();
    if (client === undefined) return undefined;
    try {
      return work(client);
    } catch (error) {
      this.#deps.diagnostics.warn("errors", `an error could not be captured: ${String(error)}`);
      return undefined;
    }
  }

  #currentClient(): AppSentryErrors | undefined {
    return this.#isDelegated ? this.#appSentry : this.#load();
  }

  /** Undefined while it is being loaded, and until the next try if that failed. */
  #load(): ErrorsClient | undefined {
    if (this.#client !== undefined || this.#isLoading || !this.#isOwner) return this.#client;
    if (this.#reloadAt !== undefined && performance.now() < this.#reloadAt) return undefined;
    this.#isLoading = true;
    try {
      this.#client = loadClient().createErrorsClient(this.#deps);
      if (this.#reloadAt !== undefined) this.#logLoad("info", "Sentry is loaded now");
    } catch (error) {
      this.#reloadAt = performance.now() + RELOAD_DELAY_MS;
      const retryNote =
        "tried again with the next error, until then events are dropped and counted";
      this.#logLoad("warn", `Sentry can't be loaded: ${String(error)} (${retryNote})`);
    } finally {
      this.#isLoading = false;
    }
    return this.#client;
  }

  /**
   * The app's own Sentry comes first: with a DSN it has the errors, and whatever it
   * registers with the OpenTelemetry API. Called from within its `init`.
   */
  #delegateTo(client: AppSentryClient, carrier: SentryCarrier): void {
    this.#isDelegated ||= client.getDsn?.() !== undefined;
    const appSentryModule = this.#tryToLink(() => loadAppSentry());
    if (this.#isDelegated) this.#appSentry = appSentryModule?.createAppSentryErrors(carrier);
    this.#tryToLink(() => appSentryModule?.linkTraces(client, carrier));
    allowForeignRegistration((replacedApis) => {
      if (replacedApis !== undefined)
        this.#tryToLink(() => appSentryModule?.extractOwnTrace(replacedApis));
      const text =
        appSentryModule?.delegationNotice(
          this.#hasDsn && this.#isDelegated,
          replacedApis !== undefined,
        ) ?? "";
      if (text !== "") this.#deps.diagnostics.warn("errors.foreign", text);
    });
  }

  /** Nothing of this is needed for the app's own Sentry to work. */
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
