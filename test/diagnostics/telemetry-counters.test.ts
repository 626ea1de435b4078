import assert from "node:assert/strict";
import { createTelemetryCounters } from "../../src/diagnostics/telemetry-counters.ts";

describe("The counters of a signal", () => {
  it("count as queued what was neither sent nor dropped", () => {
    const { spans } = createTelemetryCounters();
    spans.created += 10;
    spans.sent += 3;
    spans.drop("queue_full", 2);
    spans.drop("unsampled", 1);
    assert.deepEqual([spans.sent, spans.droppedTotal, spans.queued], [3, 3, 4]);
    assert.equal(spans.dropped.queue_full, 2);
  });

  it("record the time of the last success and of the last failure only", () => {
    const { logs } = createTelemetryCounters();
    const before = Date.now();
    logs.sent += 0;
    logs.drop("failed", 0);
    logs.drop("shutdown", 1);
    assert.deepEqual([logs.lastSentAt, logs.lastFailedAt], [undefined, undefined]);
    logs.sent += 1;
    logs.drop("rejected", 1);
    assert.ok((logs.lastSentAt ?? 0) >= before && (logs.lastFailedAt ?? 0) >= before);
  });

  it("belong to that signal only", () => {
    const counters = createTelemetryCounters();
    counters.spans.created += 1;
    assert.deepEqual(
      [counters.logs.created, counters.metrics.created, counters.events.created],
      [0, 0, 0],
    );
  });
});
