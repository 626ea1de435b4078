import type { Config } from "../config/config.ts";
import type { Accounts } from "../diagnostics/account.ts";

/** The words of the "health check response" draft (draft-inadarei-api-health-check). */
export type HealthStatus = "pass" | "warn" | "fail";

export interface CheckResult {
  readonly status: HealthStatus;
  /** Figures and words for people; never a secret. */
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

/** A check of health. "fail" makes the process not ready; a throw or no answer in time is "fail". */
export interface HealthCheck {
  readonly name: string;
  /** Upper limit in milliseconds; 1000 if left out. */
  readonly timeoutMs?: number;
  run(): CheckResult | Promise<CheckResult>;
}

export interface HealthReport {
  readonly status: HealthStatus;
  readonly checks: Readonly<Record<string, CheckResult>>;
}

export interface Health {
  /** Adds a check, or replaces the one of the same name; returns what removes it. */
  register(check: HealthCheck): () => void;
  /** From now on the process is not ready: it was told to end. */
  draining(): void;
  /** Is the process worth keeping? That it answers is most of it. */
  live(): HealthReport;
  /** May it get traffic? */
  ready(): Promise<HealthReport>;
  /** All checks. */
  all(): Promise<HealthReport>;
}

export interface HealthOptions {
  readonly config: Config;
  readonly accounts: Accounts;
}

export declare function createHealth(options: HealthOptions): Health;
