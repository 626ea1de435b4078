import type { LoggerApi, SummaryApi } from "../api.ts";
import type { Config } from "../config/config.ts";
import type { TelemetryCounters } from "../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { Health } from "../health/health.ts";
import type { AccessControl } from "./access.ts";
import type { PageSharing } from "../metrics/cluster/page-sharing.ts";
import type { MetricsPage } from "../metrics/metrics.ts";
import type { Profiling } from "../profiling/profiling.ts";
import type { CacheWarmers } from "../warming/cache-warmers.ts";

export interface AdminDeps {
  readonly config: Config;
  readonly counters: TelemetryCounters;
  readonly diagnostics: Diagnostics;
  readonly health: Health;
  /** Renders the Prometheus page, or resolves to undefined if Prometheus is not configured. */
  readonly renderMetrics: (accept: string | undefined) => Promise<MetricsPage | undefined>;
  /** Returns the summary of requests. Undefined: it has no pages. */
  readonly requests?: () => SummaryApi;
  /** Returns what shares the page between processes; undefined if Prometheus is not configured. */
  readonly sharePage?: () => PageSharing | undefined;
  /** Returns what changes the levels of loggers. Undefined: none can be changed. */
  readonly logger?: () => LoggerApi;
  /** Returns the cache warmers; undefined while the app has registered none. */
  readonly warmers?: () => CacheWarmers | undefined;
  /** Undefined: profiling is not switched on. */
  readonly profiling?: Profiling | undefined;
  /** Whether any request, message or job has been handled. */
  readonly hasHandledWork?: () => boolean;
  /** Overrides for tests. */
  readonly timing?: Partial<AdminTiming>;
}

/** All in milliseconds. */
export interface AdminTiming {
  /** Delay before a port that was in use is tried again. */
  readonly retryMs: number;
  /** Delay before a process that handles no work claims the port (`port-claim.ts`). */
  readonly claimDelayMs: number;
}

export interface RequestHandlerDeps extends AdminDeps {
  /** The address that the server listens on. */
  readonly address: string;
  /** Undefined: the pages require no credentials. */
  readonly accessControl: AccessControl | undefined;
}
