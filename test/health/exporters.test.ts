import assert from "node:assert/strict";
import { createTelemetryCounters } from "../../src/diagnostics/telemetry-counters.ts";
import { createHealth } from "../../src/health/health.ts";
import { createMetricsPipeline } from "../metrics/metrics-fixture.ts";

describe("The check of an exporter", () => {
  const fixture = createMetricsPipeline({});

  for (const [title, pausedMs, status] of [
    ["during a pause that its peer asked for", 60_000, "warn"],
    ["after it", -1, "pass"],
  ] as const) {
    it(`is "${status}" ${title}`, async () => {
      const counters = createTelemetryCounters();
      counters.spans.pausedUntil = Date.now() + pausedMs;
      const { checks } = await createHealth({ ...fixture, counters }).all();
      const { status: found, detail } = checks["export_spans"] ?? {};
      assert.equal(found, status);
      const until = pausedMs > 0 ? new Date(counters.spans.pausedUntil).toISOString() : undefined;
      assert.equal(detail?.["paused_until"], until);
    });
  }

  it("runs the app's checks once in their interval, and each new one at once", async () => {
    const health = createHealth(fixture);
    let runs = 0;
    health.register({ name: "database", run: () => ({ status: ++runs > 0 ? "pass" : "fail" }) });
    for (let probe = 0; probe < 20; probe++) await health.ready();
    assert.equal(runs, 1);
    health.register({ name: "other", run: () => ({ status: "fail" }) });
    assert.equal((await health.ready()).status, "fail");
  });
});
