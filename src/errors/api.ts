import type { Context as ApiContext, Meter } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ErrorsConfig } from "../config/config.ts";
import type { ErrorSlot } from "../context/unit-views.ts";
import type { EventCounters } from "../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { UnsentTelemetry } from "../diagnostics/unsent-telemetry.ts";
import type { Redactor } from "../redaction/redactor.ts";
import type { Pipeline } from "../export/pipeline.ts";
import type {
  CaptureContext,
  CheckIn,
  ErrorsApi,
  FeedbackHint,
  MonitorConfig,
  Scope,
  SendFeedbackParams,
  SeverityLevel,
} from "../api.ts";

import type { EventFilters } from "./filters/filter-module.ts";

export interface ErrorsDeps {
  readonly config: ErrorsConfig;
  readonly resource: Resource;
  readonly redactor: Redactor;
  /** Returns the name of the release, if it is known. */
  readonly release: () => string | undefined;
  /** Returns the name of the environment; undefined for Sentry's default. */
  readonly environment: () => string | undefined;
  /** The flags that Node runs with. */
  readonly nodeFlags: readonly string[];
  /** Counters of events. */
  readonly counters: EventCounters;
  readonly diagnostics: Diagnostics;
  /** Returns the meter of the metric of exceptions; without one they are not counted. */
  readonly meter?: () => Meter;
  readonly unsent?: UnsentTelemetry;
  /** Gets the envelopes, which are then not sent. */
  readonly onEnvelope?: ((envelope: readonly unknown[]) => void) | undefined;
  /** Returns the filters of the app's extension, if it has one. */
  readonly extensionFilters?: (() => EventFilters | Promise<EventFilters>) | undefined;
  /** Time limit of the flush at process exit, in milliseconds. */
  readonly flushTimeoutMs: number;
}

/** The origin that Node passes to `uncaughtExceptionMonitor`. */
export type FatalOrigin = "uncaughtException" | "unhandledRejection";

/**
 * The errors' pipeline. No method throws. Without a DSN, and without a Sentry set up
 * by the app, all of them return at once and nothing of Sentry is ever loaded.
 */
export interface Errors extends ErrorsApi {
  /**
   * Captures the errors that a request has failed with. Called when `unit.route` and
   * `unit.statusCode` are final and before `unit.span` ends, and after that for each
   * later error.
   */
  captureServerErrors(unit: ErrorSlot, failures: readonly unknown[]): void;
  /** Captures `unit.error`, which failed a message or job; as a warning if it will be retried. */
  captureJobError(unit: ErrorSlot, willRetry: boolean | undefined): string | undefined;
  /**
   * Reports the start of a scheduled job to its monitor. Undefined without
   * `TELLTALE_CRON_CHECK_INS`, and for a job that can have no monitor.
   */
  startCheckIn(unit: ErrorSlot): JobCheckIn | undefined;
  /** Captures an uncaught exception or a rejection that ends the process. */
  captureFatal(error: unknown, origin: FatalOrigin): void;
  /** Captures an unhandled rejection that the process survives. */
  captureRejection(reason: unknown): void;
  /**
   * Captures an error that the app has logged.
   *
   * @param context the context of the line.
   * @returns the id of its event, also if that is an earlier one.
   */
  captureLogged(error: object, record: ReadableLogRecord, context: ApiContext): string | undefined;
  /**
   * Listens to the process, makes an app's own copy of Sentry 11 use our client,
   * and delegates errors to an app that sets up Sentry itself.
   *
   * @param onDelegated called when that happens.
   */
  start(onDelegated: () => void): void;
  readonly pipeline: Pipeline;
  /**
   * Counts a request that has ended, for release health.
   *
   * @param endedAt its monotonic end, in milliseconds.
   * @param isInterrupted whether the process has exited before its end.
   */
  countRequest(unit: ErrorSlot, endedAt: number, isInterrupted: boolean): void;
  /** Whether there are counts that have not been sent. */
  hasUnsentSessions(): boolean;
}

/** Check-in of a scheduled job that has started. */
export interface JobCheckIn {
  /** Reports the end. Never throws. */
  end(outcome: JobOutcome): void;
}

/**
 * How a job ended. `retried` is a failed one that will be run again, and `interrupted` one that the
 * end of the process cut off.
 */
export type JobOutcome = "succeeded" | "failed" | "retried" | "interrupted";

/**
 * A Sentry client and its scopes: telltale's own, or the app's, of any version from
 * 8 on. Every method may throw.
 */
export interface SentryBinding {
  captureException(error: unknown, context: CaptureContext | undefined): string | undefined;
  captureMessage(
    message: string,
    context: CaptureContext | SeverityLevel | undefined,
  ): string | undefined;
  /** Returns the scope of the current request, or else of the process. */
  isolationScope(): Scope;
  /** Runs `work` in two new scopes, with the current one: the setters of the public API set the isolation scope. */
  withScope<R>(work: (scope: Scope) => R): R;
  withIsolationScope<R>(work: (scope: Scope) => R): R;
  captureFeedback(feedback: SendFeedbackParams, hint: FeedbackHint | undefined): string | undefined;
  captureCheckIn(checkIn: CheckIn, config: MonitorConfig | undefined): string | undefined;
  withMonitor<R>(monitorSlug: string, work: () => R, config: MonitorConfig | undefined): R;
  /** Resolves with false if there is no client, or the time is over. May reject. */
  flush(timeoutMs: number | undefined): PromiseLike<boolean>;
}
