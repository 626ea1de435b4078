import type { Receiver } from "../../../src/receiver/receiver.ts";

/** Everything to the receiver, soon, and no long wait at the end. */
export function telemetryTo(receiver: Receiver): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_BSP_SCHEDULE_DELAY: "10",
    OTEL_BLRP_SCHEDULE_DELAY: "10",
    TELLTALE_FLUSH_TIMEOUT: "3000",
    SENTRY_DSN: receiver.dsn,
  };
}
