import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/parse.ts";
import {
  type TelemetryCounters,
  createTelemetryCounters,
} from "../../src/diagnostics/telemetry-counters.ts";
import { environmentOf } from "../../src/env.ts";
import { createHealth, type Health } from "../../src/health/health.ts";
import type { HealthCheck, HealthCheckResult, HealthStatus } from "../../src/api.ts";
import { pollUntilTrue } from "../until.ts";

function create(variables: Readonly<Record<string, string>> = {}): {
  readonly health: Health;
  readonly counters: TelemetryCounters;
} {
  const { config } = parseConfig(environmentOf(variables));
  const counters = createTelemetryCounters();
  return { health: createHealth({ config, counters }), counters };
}

const pass = (): HealthCheckResult => ({ status: "pass" });
const warn = (): HealthCheckResult => ({ status: "warn" });
const fail = (): HealthCheckResult => ({ status: "fail", detail: { host: "db1" } });

/** Results of the checks, and the status of the report. */
const reports: readonly (readonly [readonly (() => HealthCheckResult)[], HealthStatus])[] = [
  [[], "pass"],
  [[pass, pass], "pass"],
  [[pass, warn], "warn"],
  [[warn, fail, pass], "fail"],
];

describe("Health", () => {
  for (const [checks, status] of reports) {
    it(`of ${checks.map((check) => check().status).join(", ") || "no checks"} is ${status}`, async () => {
      const { health } = create();
      for (const [index, run] of checks.entries()) health.register({ name: `c${index}`, run });
      assert.equal((await health.ready()).status, status);
      assert.equal(health.live().status, "pass");
    });
  }

  /** A check, and the error in the report. */
  const failing: readonly (readonly [string, Partial<HealthCheck>, string])[] = [
    ["throws", { run: () => assert.fail("no table") }, "no table"],
    ["rejects", { run: () => Promise.reject(new Error("no host")) }, "no host"],
    [
      "throws no error",
      {
        run: () => {
          throw Object.create(null) as Error;
        },
      },
      "unknown",
    ],
    ["hangs", { timeoutMs: 20, run: () => new Promise(() => {}) }, "timed out after 20 ms"],
    ["has no function", {}, "check.run is not a function"],
    [
      "returns a boolean",
      { run: () => true as never },
      "status undefined received, expected pass, warn or fail",
    ],
    [
      "returns null",
      { run: () => null as never },
      "Cannot destructure property 'status' of 'value' as it is null.",
    ],
    [
      "returns what JSON can't hold",
      { run: () => ({ status: "pass", detail: { n: 1n as never } }) },
      "Do not know how to serialize a BigInt",
    ],
  ];
  for (const [title, check, error] of failing) {
    it(`fails for a check that ${title}`, async () => {
      const { health } = create();
      health.register({ name: "db", ...check } as HealthCheck);
      assert.deepEqual(await health.ready(), {
        status: "fail",
        checks: { db: { status: "fail", detail: { error } } },
      });
    });
  }

  it("passes for a check without a result", async () => {
    const { health } = create();
    health.register({ name: "db", run: async () => {} });
    assert.deepEqual((await health.ready()).checks, { db: { status: "pass" } });
  });

  it("replaces a check of the same name, and removes only what was registered", async () => {
    const { health } = create();
    const removeFirst = health.register({ name: "db", run: fail });
    const removeSecond = health.register({ name: "db", run: warn });
    removeFirst();
    assert.equal((await health.ready()).status, "warn");
    removeSecond();
    assert.deepEqual((await health.ready()).checks, {});
  });

  it("runs a check once for concurrent probes", async () => {
    const { health } = create();
    let runs = 0;
    health.register({
      name: "db",
      run: async () => {
        runs += 1;
        await new Promise((resolve) => setImmediate(resolve));
        return { status: "pass" };
      },
    });
    await Promise.all([health.ready(), health.all(), health.ready()]);
    assert.equal(runs, 1);
    await pollUntilTrue(async () => {
      await health.ready();
      return runs === 2;
    }, "another run for a later probe");
  });

  it("is alive but not ready while the process is shutting down", async () => {
    const { health } = create();
    health.startDraining();
    assert.equal((await health.ready()).status, "fail");
    assert.match(
      String((await health.all()).checks["shutdown"]?.detail?.["reason"]),
      /shutting down/,
    );
    assert.equal(health.live().status, "pass");
  });

  it("reports the delay of the event loop", async () => {
    const { health } = create();
    const { checks } = await health.all();
    assert.equal(typeof checks["event_loop"]?.detail?.["delay_ms"], "number");
  });

  it("has a check for each signal that is exported", async () => {
    const { health } = create({
      OTEL_LOGS_EXPORTER: "none",
      OTEL_METRICS_EXPORTER: "prometheus,otlp",
      SENTRY_DSN: "http://key@127.0.0.1:1/1",
    });
    const names = Object.keys((await health.all()).checks);
    assert.deepEqual(names, ["event_loop", "export_spans", "export_metrics", "export_events"]);
  });

  it("warns, and stays ready, while exports fail", async () => {
    const { health, counters } = create();
    counters.spans.created = 20;
    counters.spans.sent += 10;
    assert.equal((await health.all()).checks["export_spans"]?.status, "pass");
    await nextMillisecond();
    counters.spans.drop("failed", 10);
    assert.equal((await health.all()).checks["export_spans"]?.status, "warn");
    assert.equal((await health.ready()).status, "pass");
    await nextMillisecond();
    counters.spans.created += 1;
    counters.spans.sent += 1;
    const { status, detail } = (await health.all()).checks["export_spans"]!;
    assert.equal(status, "pass");
    assert.deepEqual(
      [detail?.["created"], detail?.["sent"], detail?.["dropped"], detail?.["queued"]],
      [21, 11, 10, 0],
    );
    assert.match(String(detail?.["last_failure"]), /^\d{4}-\d\d-\d\dT/);
  });

  it("warns while a queue is nearly full", async () => {
    const { health, counters } = create({
      OTEL_BSP_MAX_QUEUE_SIZE: "100",
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "10",
    });
    counters.spans.created = 79;
    assert.equal((await health.all()).checks["export_spans"]?.status, "pass");
    counters.spans.created = 80;
    assert.equal((await health.all()).checks["export_spans"]?.status, "warn");
  });
});

/** Waits until the clock has advanced. */
async function nextMillisecond(): Promise<void> {
  const now = Date.now();
  while (Date.now() === now) await new Promise((resolve) => setImmediate(resolve));
}
