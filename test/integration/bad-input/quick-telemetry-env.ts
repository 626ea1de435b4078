import type { Receiver } from "../../../src/testing/receiver.ts";

/** Exports everything to the receiver, with short intervals and a long exit flush for a busy machine. */
export function quickTelemetryEnv(receiver: Receiver): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_BSP_SCHEDULE_DELAY: "10",
    OTEL_BLRP_SCHEDULE_DELAY: "10",
    TELLTALE_FLUSH_TIMEOUT: "20000",
    // On a busy machine any request may be slow and any code may block, and tests count log
    // records and the events of spans.
    TELLTALE_SLOW_REQUEST_MS: "0",
    TELLTALE_EVENT_LOOP_STALL_MS: "0",
    SENTRY_DSN: receiver.dsn,
  };
}
