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
