import type { Config } from "../config/config.ts";
import type { Accounts } from "../diagnostics/account.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { Health } from "../health/health.ts";
import type { MetricsPage } from "../metrics/metrics.ts";

/** Set to true on our own server: `entry/` leaves its requests alone. */
export const OWN_SERVER: unique symbol = Symbol("telltale.server");

export interface AdminOptions {
  readonly config: Config;
  readonly accounts: Accounts;
  readonly diagnostics: Diagnostics;
  readonly health: Health;
  /** The Prometheus page; undefined: not configured. */
  readonly page: (accept: string | undefined) => Promise<MetricsPage | undefined>;
}

/** `/metrics`, `/healthz`, `/livez`, `/readyz`. Never holds the process open, never throws. */
export interface Admin {
  /** Listens soon after the current tick. */
  start(): void;
  stop(): void;
}

export declare function createAdmin(options: AdminOptions): Admin;
