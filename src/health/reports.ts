import type { HealthCheckResult, HealthStatus } from "../api.ts";
import type { CheckReport } from "./run-check.ts";

/** A check of telltale itself: it never throws, and ends by itself. */
export interface OwnCheck {
  readonly name: string;
  run(): HealthCheckResult | Promise<HealthCheckResult>;
}

/** What the process does: `starting` until each critical check has passed once. */
export type ProcessState = "starting" | "running" | "draining";

export type CheckReports = Readonly<Record<string, CheckReport>>;

export interface HealthReport {
  readonly status: HealthStatus;
  readonly state: ProcessState;
  /** Why the status is `fail`. */
  readonly reason?: string;
  readonly checks: CheckReports;
}

/** Returns the report of all checks: the worst status, where a check that is not critical only warns. */
export function reportOf(state: ProcessState, checks: CheckReports): HealthReport {
  const entries = Object.entries(checks);
  const failed = entries.filter(
    ([, { status, critical }]) => status === "fail" && critical !== false,
  );
  if (failed.length > 0) {
    const reason = failed.map(([name, check]) => `${name}: ${reasonOf(check)}`).join("; ");
    return { status: "fail", state, reason, checks };
  }
  const isPassed = entries.every(([, { status }]) => status === "pass");
  return { status: isPassed ? "pass" : "warn", state, checks };
}

/** Returns why a check has failed, in one line. */
export function reasonOf({ detail }: CheckReport): string {
  const reason = detail?.["error"] ?? detail?.["reason"];
  return reason === undefined ? "failed" : String(reason).replaceAll(/\s+/g, " ");
}
