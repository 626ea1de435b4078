import type { Config } from "../config/config.ts";
import type { TelemetryCounters } from "../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { Health } from "../health/health.ts";
import type { MetricsPage } from "../metrics/metrics.ts";

export interface AdminDeps {
  readonly config: Config;
  readonly counters: TelemetryCounters;
  readonly diagnostics: Diagnostics;
  readonly health: Health;
  /** The Prometheus page; undefined: not configured. */
  readonly renderMetrics: (accept: string | undefined) => Promise<MetricsPage | undefined>;
  /** How long a port that was taken is left alone before the next try; 30 s. */
  readonly retryMs?: number;
  /** How long nothing may move on a connection; 10 s. */
  readonly socketTimeoutMs?: number;
  /** Whether any request, message or job has come in. */
  readonly hasHandledWork?: () => boolean;
  /** How long a process that serves nothing waits before it takes the port; `turn.ts`. */
  readonly claimDelayMs?: number;
}

export interface RequestHandlerDeps extends AdminDeps {
  /** What the server listens on. */
  readonly address: string;
}
