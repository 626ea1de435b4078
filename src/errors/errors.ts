import type { ErrorsConfig } from "../config/config.ts";
import type { Holder } from "../context/holder.ts";
import type { Account } from "../diagnostics/account.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { Pipeline } from "../export/exit.ts";

/** Sentry's levels, the gravest first. */
export type SeverityLevel = "fatal" | "error" | "warning" | "log" | "info" | "debug";

export type Primitive = string | number | boolean | bigint | symbol | null | undefined;

/** Whom an event concerns; every field is optional and sent as it is. */
export interface User {
  readonly id?: string | number;
  readonly email?: string;
  readonly username?: string;
  readonly [field: string]: unknown;
}

/** A trail on the way to an error. */
export interface Breadcrumb {
  readonly type?: string;
  readonly category?: string;
  readonly message?: string;
  readonly level?: SeverityLevel;
  /** Seconds since 1970; now, if absent. */
  readonly timestamp?: number;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** What is said of one event only. */
export interface CaptureHint {
  readonly level?: SeverityLevel;
  readonly user?: User;
  readonly tags?: Readonly<Record<string, Primitive>>;
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly contexts?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly fingerprint?: readonly string[];
}

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
   * before `holder.span` ends: captures `holder.error` if the status is 5xx.
   */
  captureServerError(holder: Holder): string | undefined;
  /** For errors that nobody handled. */
  captureFatal(error: unknown, origin: FatalOrigin): void;
  /** Listens to the process and makes an app's own copy of Sentry 11 use our client. */
  start(): void;
  readonly pipeline: Pipeline;
}

