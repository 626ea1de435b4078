import { loadChunk } from "../chunks.ts";
import type { ErrorsConfig } from "../config/config.ts";
import type { Holder } from "../context/holder.ts";
import { activeHolder, runWhereThrown } from "../context/manager.ts";
import type { Account } from "../diagnostics/account.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { Pipeline } from "../export/exit.ts";
import { shareCarrier } from "./carrier.ts";
import type { ErrorsClient } from "./client.ts";
import { watchProcess } from "./process.ts";
import type { Breadcrumb, CaptureHint, Primitive, SeverityLevel, User } from "./vocabulary.ts";

/** Who sends the events, from the resource. */
export interface ErrorsService {
  readonly name: string;
  readonly version: string | undefined;
  /** `deployment.environment.name`, else `NODE_ENV`. */
  readonly environment: string | undefined;
  readonly hostName: string | undefined;
}

export interface ErrorsParts {
  readonly config: ErrorsConfig;
  readonly service: ErrorsService;
  /** The books of the events. */
  readonly account: Account;
  readonly diagnostics: Diagnostics;
}

/** How a fatal error came to the process, in Node's words. */
export type FatalOrigin = "uncaughtException" | "unhandledRejection";

/**
 * The errors' pipeline. No method throws; without a DSN all of them return at
 * once and nothing of Sentry is ever loaded.
 */
export interface Errors {
  /** The id of the event; the earlier id for an error that was captured before. */
  captureException(error: unknown, hint?: CaptureHint): string | undefined;
  captureMessage(message: string, level?: SeverityLevel): string | undefined;
  /** For the request that is going on, else for the process; null forgets the user. */
  setUser(user: User | null): void;
  setTag(key: string, value: Primitive): void;
  /** Null removes the context. */
  setContext(name: string, context: Readonly<Record<string, unknown>> | null): void;
  setExtra(key: string, value: unknown): void;
  addBreadcrumb(breadcrumb: Breadcrumb): void;
  /** What is set while `work` runs, and in what it starts, is forgotten after it. */
  withScope<R>(work: () => R): R;
  /**
   * For the entry, when `holder.route` and `holder.statusCode` are final and
   * before `holder.span` ends: captures what the request has failed of; after that,
   * each error that still comes.
   */
  captureServerErrors(holder: Holder, failures: readonly unknown[]): void;
  /** For the entry: captures `holder.error`, of which a message or a job has failed: if it will be tried again, as a warning. */
  captureJobError(holder: Holder, willRetry: boolean | undefined): string | undefined;
  /** For errors that nobody handled. */
  captureFatal(error: unknown, origin: FatalOrigin): void;
  /** For rejections that nobody handled, and that the process survives. */
  captureRejection(reason: unknown): void;
  /** Listens to the process and makes an app's own copy of Sentry 11 use our client. */
  start(): void;
  readonly pipeline: Pipeline;
}

/** The errors' pipeline, or one that does nothing where there is no DSN. */
export function createErrors(parts: ErrorsParts): Errors {
  return parts.config.dsn === undefined ? noErrors : new LazyErrors(parts);
}

/** What there is without a DSN: only the user goes onto the holder, for the other signals. */
const noErrors: Errors = Object.freeze({
  captureException: () => undefined,
  captureMessage: () => undefined,
  setUser: noteUser,
  setTag() {},
  setContext() {},
  setExtra() {},
  addBreadcrumb() {},
  withScope: (work) => work(),
  captureServerErrors() {},
  captureJobError: () => undefined,
  captureFatal() {},
  captureRejection() {},
  start() {},
  pipeline: Object.freeze({ flush: () => Promise.resolve(), pending: () => [] }),
} satisfies Errors);

function noteUser(user: User | null): void {
  const holder = activeHolder();
  if (holder !== undefined) holder.userId = user?.id === undefined ? undefined : String(user.id);
}

/** When Sentry is loaded though nothing asked for it yet, in milliseconds after `start`. */
const LOAD_AFTER_MS = 1_000;

/**
 * Loads Sentry when it is first needed: by a capture, by whatever is set for
 * one, by a copy of Sentry in the app; or, so that the first failing request
 * need not wait for it, a second after the start.
 */
class LazyErrors implements Errors {
  readonly #parts: ErrorsParts;
  #client: ErrorsClient | undefined = undefined;
  #asked = false;

  constructor(parts: ErrorsParts) {
    this.#parts = parts;
  }

  start(): void {
    if (!shareCarrier(() => this.#load())) {
      this.#asked = true;
      this.#say("the app has set up Sentry before telltale started; errors are left to it.");
      return;
    }
    watchProcess({
      onFatal: (error, origin) => this.captureFatal(error, origin),
      onRejection: (reason) => this.captureRejection(reason),
    });
    setTimeout(() => this.#load(), LOAD_AFTER_MS).unref();
  }

  captureException(error: unknown, hint?: CaptureHint): string | undefined {
    return this.#use((client) => client.captureException(error, hint));
  }

  captureMessage(message: string, level?: SeverityLevel): string | undefined {
    return this.#use((client) => client.captureMessage(message, level));
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
    const client = this.#load();
    return client === undefined ? work() : client.withScope(work);
  }

  captureServerErrors(holder: Holder, failures: readonly unknown[]): void {
    if (failures.length > 0) this.#use((client) => client.captureServerErrors(holder, failures));
  }

  captureJobError(holder: Holder, willRetry: boolean | undefined): string | undefined {
    if (holder.error === undefined) return undefined;
    return this.#use((client) => client.captureJobError(holder, willRetry));
  }

  captureFatal(error: unknown, origin: FatalOrigin): void {
    runWhereThrown(() => this.#use((client) => client.captureFatal(error, origin)));
  }

  captureRejection(reason: unknown): void {
    this.#use((client) => client.captureRejection(reason));
  }

  readonly pipeline: Pipeline = {
    flush: async (timeoutMs) => this.#client?.flush(timeoutMs),
    pending: () => this.#client?.pending() ?? [],
  };

  /** Nothing that goes wrong in here reaches the app. */
  #use<R>(work: (client: ErrorsClient) => R): R | undefined {
    const client = this.#load();
    if (client === undefined) return undefined;
    try {
      return work(client);
    } catch (fault) {
      this.#say(`an error could not be captured: ${String(fault)}`);
      return undefined;
    }
  }

  /** Undefined while it is being loaded, and for good if that failed. */
  #load(): ErrorsClient | undefined {
    if (this.#asked) return this.#client;
    this.#asked = true;
    try {
      this.#client = loadChunk("errors-client").createErrorsClient(this.#parts);
    } catch (fault) {
      this.#say(`Sentry can't be loaded: ${String(fault)}`);
    }
    return this.#client;
  }

  #say(message: string): void {
    this.#parts.diagnostics.warn("errors", message);
  }
}
