import { lazy } from "../lazy.ts";
import type { Holder } from "../context/holder.ts";
import { activeHolder, runWhereThrown } from "../context/manager.ts";
import type { Pipeline } from "../export/exit.ts";
import { offerApi } from "../globals.ts";
import type { AppErrors } from "./app-sentry.ts";
import { type AppClient, type Carrier, watchCarriers } from "./carrier.ts";
import type { ErrorsClient } from "./client.ts";
import { watchProcess } from "./process.ts";
import type { Breadcrumb, CaptureHint, Primitive, SeverityLevel, User } from "../api.ts";
import type { ErrorsParts, FatalOrigin, Errors } from "./api.ts";

const loadClient = lazy<typeof import("./client.ts")>("errors/client.ts");
const loadAppSentry = lazy<typeof import("./app-sentry.ts")>("errors/app-sentry.ts");

export function createErrors(parts: ErrorsParts): Errors {
  return new LazyErrors(parts);
}

function noteUser(user: User | null): void {
  const holder = activeHolder();
  if (holder !== undefined) holder.userId = user?.id === undefined ? undefined : String(user.id);
}

/** When Sentry is loaded though nothing asked for it yet, in milliseconds after `start`. */
const LOAD_AFTER_MS = 1_000;
/** How long a load that failed is not tried again, in milliseconds: errors may come in storms. */
const LOAD_AGAIN_MS = 100;

/**
 * Loads Sentry when it is first needed: by a capture, by whatever is set for
 * one, by a copy of Sentry in the app; or, so that the first failing request
 * need not wait for it, a second after the start.
 */
class LazyErrors implements Errors {
  readonly #parts: ErrorsParts;
  readonly #hasDsn: boolean;
  #client: ErrorsClient | undefined = undefined;
  /** Whether the app has set up Sentry itself. */
  #isLeft = false;
  #app: AppErrors | undefined = undefined;
  #isLoading = false;
  /** When a load that failed is tried again, by `performance.now()`. */
  #loadAgainAt: number | undefined = undefined;

  constructor(parts: ErrorsParts) {
    this.#parts = parts;
    this.#hasDsn = parts.config.dsn !== undefined;
  }

  start(whenLeft: () => void): void {
    watchCarriers({
      load: this.#hasDsn ? () => void this.#load() : undefined,
      onClient: (client, carrier) => {
        this.#leaveTo(client, carrier);
        this.#attempt(whenLeft);
      },
    });
    if (!this.#hasDsn) return;
    const watcher = {
      onFatal: (error: unknown, origin: FatalOrigin) => this.captureFatal(error, origin),
      onRejection: (reason: unknown) => this.captureRejection(reason),
    };
    watchProcess(watcher, this.#parts.nodeFlags);
    setTimeout(() => this.#load(), LOAD_AFTER_MS).unref();
  }

  captureException(error: unknown, hint?: CaptureHint): string | undefined {
    return this.#capture((client) => client.captureException(error, hint));
  }

  captureMessage(message: string, level?: SeverityLevel): string | undefined {
    return this.#capture((client) => client.captureMessage(message, level));
  }

  setUser(user: User | null): void {
    noteUser(user);
    this.#use((client) => client.setUser(user));
  }

  setTag(key: string, value: Primitive): void {
    this.#use((client) => client.setTag(key, value));
  }

  setContext(name: string, context: Readonly<Record<string, unknown>> | null): void {
    this.#use((client) => client.setContext(name, context));
  }

  setExtra(key: string, value: unknown): void {
    this.#use((client) => client.setExtra(key, value));
  }

  addBreadcrumb(breadcrumb: Breadcrumb): void {
    this.#use((client) => client.addBreadcrumb(breadcrumb));
  }

  withScope<R>(work: () => R): R {
    const client = this.#clientNow();
    return client === undefined ? work() : client.withScope(work);
  }

  captureServerErrors(holder: Holder, failures: readonly unknown[]): void {
    if (failures.length === 0) return;
    this.#capture((client) => client.captureServerErrors(holder, failures), failures.length);
  }

  captureJobError(holder: Holder, willRetry: boolean | undefined): string | undefined {
    if (holder.error === undefined) return undefined;
    return this.#capture((client) => client.captureJobError(holder, willRetry));
  }

  captureFatal(error: unknown, origin: FatalOrigin): void {
    runWhereThrown(() => this.#capture((client) => client.captureFatal(error, origin)));
  }

  captureRejection(reason: unknown): void {
    this.#capture((client) => client.captureRejection(reason));
  }

  readonly pipeline: Pipeline = {
    flush: async (timeoutMs) => this.#client?.flush(timeoutMs),
    pending: () => this.#client?.pending() ?? [],
  };

  /** Whether errors are ours to send. */
  get #isOurs(): boolean {
    return this.#hasDsn && !this.#isLeft;
  }

  /** Events that can't be made for want of Sentry are counted. */
  #capture<R>(work: (client: AppErrors) => R, count = 1): R | undefined {
    if (this.#isOurs && this.#load() === undefined) {
      this.#parts.account.made += count;
      this.#parts.account.drop("failed", count);
      return undefined;
    }
    return this.#use(work);
  }

  /** Nothing that goes wrong in here reaches the app. */
  #use<R>(work: (client: AppErrors) => R): R | undefined {
    const client = this.#clientNow();
    if (client === undefined) return undefined;
    try {
      return work(client);
    } catch (fault) {
      this.#parts.diagnostics.warn("errors", `an error could not be captured: ${String(fault)}`);
      return undefined;
    }
  }

  #clientNow(): AppErrors | undefined {
    return this.#isLeft ? this.#app : this.#load();
  }

  /** Undefined while it is being loaded, and until the next try if that failed. */
  #load(): ErrorsClient | undefined {
    if (this.#client !== undefined || this.#isLoading || !this.#isOurs) return this.#client;
    if (this.#loadAgainAt !== undefined && performance.now() < this.#loadAgainAt) return undefined;
    this.#isLoading = true;
    try {
      this.#client = loadClient().createErrorsClient(this.#parts);
      if (this.#loadAgainAt !== undefined) this.#say("info", "Sentry is loaded now");
    } catch (fault) {
      this.#loadAgainAt = performance.now() + LOAD_AGAIN_MS;
      const again = "tried again with the next error, until then events are dropped and counted";
      this.#say("warn", `Sentry can't be loaded: ${String(fault)} (${again})`);
    } finally {
      this.#isLoading = false;
    }
    return this.#client;
  }

  /**
   * The app's own Sentry comes first: with a DSN it has the errors, and whatever it
   * registers with the OpenTelemetry API. Called from within its `init`.
   */
  #leaveTo(client: AppClient, carrier: Carrier): void {
    this.#isLeft ||= client.getDsn?.() !== undefined;
    const chunk = this.#attempt(() => loadAppSentry());
    if (this.#isLeft) this.#app = chunk?.createAppErrors(carrier);
    this.#attempt(() => chunk?.joinTraces(client, carrier));
    offerApi((taken) => {
      if (taken !== undefined) this.#attempt(() => chunk?.extractOurTrace(taken));
      const text = chunk?.whatIsLeft(this.#hasDsn && this.#isLeft, taken !== undefined) ?? "";
      if (text !== "") this.#parts.diagnostics.warn("errors.foreign", text);
    });
  }

  /** Nothing of this is needed for the app's own Sentry to work. */
  #attempt<R>(work: () => R): R | undefined {
    try {
      return work();
    } catch (fault) {
      const { diagnostics } = this.#parts;
      diagnostics.warn(
        "errors.join",
        `the app's Sentry has trace ids of its own, ours could not be given to it: ${String(fault)}`,
      );
      return undefined;
    }
  }

  #say(level: "info" | "warn", message: string): void {
    this.#parts.diagnostics[level](`errors.load.${level}`, message);
  }
}
