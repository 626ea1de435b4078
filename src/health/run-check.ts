import type { HealthCheckResult, HealthStatus } from "../api.ts";
import type { Outcome } from "../context/runs/limited-run.ts";

/** A result as the pages show it. */
export interface CheckReport extends HealthCheckResult {
  /** Present for checks whose failure is only a warning. */
  readonly critical?: false;
  /** The duration of the run in milliseconds. */
  readonly duration_ms?: number;
  /** The end of the run, in ISO 8601. */
  readonly time?: string;
}

/** Removes secrets from the detail of a result. */
export type RedactDetail = (
  detail: NonNullable<HealthCheckResult["detail"]>,
) => NonNullable<HealthCheckResult["detail"]>;

/** Returns the result of a run: anything but a valid result is a failure with a reason. */
export function resultOf(outcome: Outcome, redact: RedactDetail): HealthCheckResult {
  try {
    if ("error" in outcome) return failure(outcome.error, redact);
    return toResult(outcome.value, redact);
  } catch (error) {
    return failure(error, redact);
  }
}

function failure(error: unknown, redact: RedactDetail): HealthCheckResult {
  return { status: "fail", detail: redact({ error: messageOf(error) }) };
}

/** @throws if an app's check returns something that is not a result, or can't be written as JSON. */
function toResult(value: unknown, redact: RedactDetail): HealthCheckResult {
  if (value === undefined) return { status: "pass" };
  const { status, detail } = value as HealthCheckResult;
  if (!STATUSES.has(status)) {
    throw new TypeError(`status ${JSON.stringify(status)} received, expected pass, warn or fail`);
  }
  JSON.stringify(detail);
  return detail === undefined ? { status } : { status, detail: redact(detail) };
}

const STATUSES: ReadonlySet<HealthStatus> = new Set(["pass", "warn", "fail"]);

/** Node's errors of connections to several addresses have no message, but the errors of each. */
function messageOf(error: unknown): string {
  try {
    if (error instanceof AggregateError && error.message === "")
      return error.errors.map(messageOf).join("; ");
    if (error instanceof Error) return error.message === "" ? error.name : error.message;
    return String(error);
  } catch {
    return "unknown";
  }
}
