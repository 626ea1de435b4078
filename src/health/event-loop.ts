import type { CheckResult, HealthCheck } from "./check.ts";

/** Longer than this and every answer of the process is noticeably late. */
const WARN_DELAY_MS = 100;

/**
 * How long the event loop takes for one turn, measured when somebody asks. A
 * probe that asks while the loop is blocked gets its answer late, with the delay.
 */
export function eventLoopCheck(): HealthCheck {
  return { name: "event_loop", run: measure };
}

async function measure(): Promise<CheckResult> {
  const before = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 0).unref());
  const delayMs = Math.round((performance.now() - before) * 10) / 10;
  const { utilization } = performance.eventLoopUtilization();
  return {
    status: delayMs > WARN_DELAY_MS ? "warn" : "pass",
    detail: { delay_ms: delayMs, utilization_since_start: Math.round(utilization * 1000) / 1000 },
  };
}
