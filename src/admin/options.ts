import type { Config } from "../config/config.ts";
import type { Accounts } from "../diagnostics/account.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { Health } from "../health/health.ts";
import type { MetricsPage } from "../metrics/metrics.ts";

export interface AdminOptions {
  readonly config: Config;
  readonly accounts: Accounts;
  readonly diagnostics: Diagnostics;
  readonly health: Health;
  /** The Prometheus page; undefined: not configured. */
  readonly page: (accept: string | undefined) => Promise<MetricsPage | undefined>;
  /** How long a port that was taken is left alone before the next try; 30 s. */
  readonly retryMs?: number;
  /** How long nothing may move on a connection; 10 s. */
  readonly silenceMs?: number;
  /** Whether any request, message or job has come in. */
  readonly hasServed?: () => boolean;
  /** How long a process that serves nothing waits before it takes the port; `turn.ts`. */
  readonly idleMs?: number;
}

export interface AnswerOptions extends AdminOptions {
  /** What the server listens on. */
  readonly address: string;
}
