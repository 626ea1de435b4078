import type { Resource } from "@opentelemetry/resources";
import type { ErrorsConfig } from "../config/config.ts";
import type { ErrorSlot } from "../context/unit-views.ts";
import type { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { UnsentTelemetry } from "../diagnostics/unsent-telemetry.ts";
import type { Pipeline } from "../export/pipeline.ts";
import type { ErrorsApi } from "../api.ts";

export interface ErrorsDeps {
  readonly config: ErrorsConfig;
  readonly resource: Resource;
  /** The flags that Node runs with. */
  readonly nodeFlags: readonly string[];
  /** The books of the events. */
  readonly counters: SignalCounters;
  readonly diagnostics: Diagnostics;
  readonly unsent?: UnsentTelemetry;
}

/** How a fatal error came to the process, in Node's words. */
export type FatalOrigin = "uncaughtException" | "unhandledRejection";

/**
 * The errors' pipeline. No method throws; without a DSN, and without a Sentry of
 * the app's own, all of them return at once and nothing of Sentry is ever loaded.
 */
export interface Errors extends ErrorsApi {
  setExtra(key: string, value: unknown): void;
  /**
   * For the entry, when `holder.route` and `holder.statusCode` are final and
   * before `holder.span` ends: captures what the request has failed of; after that,
   * each error that still comes.
   */
  captureServerErrors(unit: ErrorSlot, failures: readonly unknown[]): void;
  /** For the entry: captures `holder.error`, of which a message or a job has failed: if it will be tried again, as a warning. */
  captureJobError(unit: ErrorSlot, willRetry: boolean | undefined): string | undefined;
  /** For errors that nobody handled. */
  captureFatal(error: unknown, origin: FatalOrigin): void;
  /** For rejections that nobody handled, and that the process survives. */
  captureRejection(reason: unknown): void;
  /**
   * Listens to the process, makes an app's own copy of Sentry 11 use our client,
   * and leaves errors to an app that sets up Sentry itself.
   *
   * @param onDelegated is called as that happens.
   */
  start(onDelegated: () => void): void;
  readonly pipeline: Pipeline;
}
