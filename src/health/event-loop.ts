import type { HealthCheckResult } from "../api.ts";
import type { OwnCheck } from "./reports.ts";

/** Delay from which every response of the process is noticeably late. */
const WARN_DELAY_MS = 100;

/**
 * Measures the delay of the event loop at the time of the probe. While the loop is
 * blocked, the probe waits as well and then gets the delay.
 */
export function eventLoopCheck(): OwnCheck {
  return { name: "event_loop", run: measure };
}

async function measure(): Promise<HealthCheckResult> {
  const before = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 0).unref());
  const delayMs = Math.round((performance.now() - before) * 10) / 10;
  const { utilization } = performance.eventLoopUtilization();
  return {
    status: delayMs > WARN_DELAY_MS ? "warn" : "pass",
    detail: { delay_ms: delayMs, utilization_since_start: Math.round(utilization * 1000) / 1000 },
  };
}
