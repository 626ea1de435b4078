import {
  createCheckInEnvelope,
  type CheckIn,
  type CheckInEnvelope,
  type MonitorConfig,
  type SerializedCheckIn,
  uuid4,
} from "@sentry/core";
import type { ServerRuntimeClientOptions } from "@sentry/core/server";
import { type CaptureOrigin, traceContextOf } from "../capture-origin.ts";

const STATUSES: readonly unknown[] = ["in_progress", "ok", "error"];

/** Returns a sentence about arguments of `captureCheckIn` that Sentry would reject, or undefined. */
export function invalidCheckIn(checkIn: CheckIn): string | undefined {
  const { monitorSlug, status } = Object(checkIn) as Partial<CheckIn>;
  if (typeof monitorSlug !== "string" || monitorSlug === "")
    return "captureCheckIn received no monitorSlug, expected a text";
  if (STATUSES.includes(status)) return undefined;
  return "captureCheckIn received an unknown status, expected in_progress, ok or error";
}

/** Returns the id of the check-in that ends, or a new one. */
export function checkInIdOf(checkIn: CheckIn): string {
  const { checkInId } = Object(checkIn) as { readonly checkInId?: string };
  return checkInId === undefined || checkInId === "" ? uuid4() : checkInId;
}

/**
 * Creates the envelope of a check-in. Unlike that of Sentry's client it has no generated
 * trace id, which no back end has, and no sampling context of Sentry's traces.
 */
export function createCheckIn(
  id: string,
  checkIn: CheckIn,
  config: MonitorConfig | undefined,
  { span }: CaptureOrigin,
  { release, environment, _metadata }: Partial<ServerRuntimeClientOptions>,
): CheckInEnvelope {
  const trace = traceContextOf(span);
  const serialized: { [Field in keyof SerializedCheckIn]: SerializedCheckIn[Field] | undefined } = {
    check_in_id: id,
    monitor_slug: checkIn.monitorSlug,
    status: checkIn.status,
    duration: "duration" in checkIn ? checkIn.duration : undefined,
    release,
    environment,
    monitor_config: config && serializedConfig(config),
    contexts: trace && { trace },
  };
  // JSON leaves out what is undefined.
  return createCheckInEnvelope(serialized as SerializedCheckIn, undefined, _metadata);
}

function serializedConfig(config: MonitorConfig): SerializedCheckIn["monitor_config"] {
  return {
    schedule: config.schedule,
    checkin_margin: config.checkinMargin,
    max_runtime: config.maxRuntime,
    timezone: config.timezone,
    failure_issue_threshold: config.failureIssueThreshold,
    recovery_threshold: config.recoveryThreshold,
  } as SerializedCheckIn["monitor_config"];
}
