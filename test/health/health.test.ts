import assert from "node:assert/strict";
import type { TelemetryCounters } from "../../src/diagnostics/telemetry-counters.ts";
import { createHealth, type Health } from "../../src/health/health.ts";
import type {
  HealthCheck,
  HealthCheckContext,
  HealthCheckResult,
  HealthStatus,
} from "../../src/api.ts";
import type { CheckReports } from "../../src/health/reports.ts";
import { createMetricsPipeline } from "../metrics/metrics-fixture.ts";
import { pollUntilTrue } from "../until.ts";

function create(variables: Readonly<Record<string, string>> = {}): {
  readonly health: Health;
  readonly counters: TelemetryCounters;
  readonly lines: readonly string[];
} {
  const { metrics, lines, ...fixture } = createMetricsPipeline(variables);
  return { ...fixture, lines, health: createHealth({ ...fixture, meter: metrics.meter }) };
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
      const { status, reason, checks } = await health.ready();
      assert.deepEqual({ status, reason }, { status: "fail", reason: `db: ${error}` });
      assert.deepEqual(resultsOf(checks), { db: { status: "fail", detail: { error } } });
    });
  }

  it("passes for a check without a result", async () => {
    const { health } = create();
    health.register({ name: "db", run: async () => {} });
    assert.deepEqual(resultsOf((await health.ready()).checks), { db: { status: "pass" } });
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
      intervalMs: 100,
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

  it("reports a check that is not critical as failed, and only warns", async () => {
    const { health } = create();
    health.register({ name: "search", critical: false, run: fail });
    const { status, state, checks } = await health.ready();
    assert.deepEqual({ status, state }, { status: "warn", state: "running" });
    assert.deepEqual(resultsOf(checks), {
      search: { status: "fail", critical: false, detail: { host: "db1" } },
    });
  });

  it("is starting until each critical check has passed once, and draining after a signal", async () => {
    const { health } = create();
    // The check runs as often as the machine lets it.
    let result = fail;
    health.register({ name: "db", intervalMs: 100, run: () => result() });
    const states = [health.live().state];
    for (result of [fail, warn, fail]) {
      const { status } = result();
      await pollUntilTrue(
        async () => (await health.ready()).checks["db"]?.status === status,
        "the next run",
      );
      states.push((await health.ready()).state);
    }
    health.startDraining();
    states.push(health.live().state);
    assert.deepEqual(states, ["starting", "starting", "running", "running", "draining"]);
  });

  it("does not start a check again while a run of it hangs", async () => {
    const { health } = create();
    const finish: (() => void)[] = [];
    const run = (): Promise<void> => new Promise((resolve) => finish.push(resolve));
    health.register({ name: "db", timeoutMs: 20, intervalMs: 100, run });
    assert.equal((await health.ready()).status, "fail");
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.equal((await health.ready()).reason, "db: timed out after 20 ms");
    assert.equal(finish.length, 1);
    finish[0]!();
    await pollUntilTrue(async () => {
      await health.ready();
      return finish.length === 2;
    }, "another run");
  });

  it("aborts the signal of a run that takes too long", async () => {
    const { health } = create();
    let reason: unknown;
    const run = ({ signal }: HealthCheckContext): Promise<void> =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          reason = signal.reason;
          resolve();
        });
      });
    health.register({ name: "db", timeoutMs: 20, run });
    await health.ready();
    assert.match(String(reason), /timed out after 20 ms/);
  });

  it("reports one check, or all but some", async () => {
    const { health } = create();
    health.register({ name: "db", run: fail });
    health.register({ name: "search", run: pass });
    const only = await health.ready({ only: "search" });
    assert.deepEqual([only.status, Object.keys(only.checks)], ["pass", ["search"]]);
    const rest = await health.all({ exclude: ["db", "export_spans", "export_logs"] });
    assert.deepEqual([rest.status, Object.keys(rest.checks)], ["pass", ["event_loop", "search"]]);
  });

  it("shows no secrets", async () => {
    const { health } = create();
    const error = new Error("no answer from redis://:hunter2secret@cache:6379");
    health.register({ name: "cache", run: () => Promise.reject(error) });
    const detail = { password: "hunter2secret" };
    health.register({ name: "db", run: () => ({ status: "pass", detail }) });
    const text = JSON.stringify(await health.all());
    assert.match(text, /no answer from redis/);
    assert.doesNotMatch(text, /hunter2secret/);
  });

  /** Unusable options, the line on stderr, and whether there is a check. */
  const unusable: readonly (readonly [
    Partial<Record<keyof HealthCheck, unknown>>,
    RegExp,
    boolean,
  ])[] = [
    [
      { name: 7 },
      /received no usable name, expected a non-empty string; the check is left out/,
      false,
    ],
    [
      { timeoutMs: 0 },
      /received timeout 0 for "db", expected milliseconds of at least 1; 1000 is/,
      true,
    ],
    [{ timeoutMs: "1s" }, /received timeout a string for "db", .*; 1000 is used/, true],
    [{ intervalMs: NaN }, /received interval NaN for "db", .* at least 100; 5000 is used/, true],
    [{ intervalMs: 2 ** 40 }, /received interval 1099511627776 for "db"/, true],
    [
      { critical: "no" },
      /received critical of type string for "db", expected a boolean; true is/,
      true,
    ],
  ];
  for (const [options, line, isAdded] of unusable) {
    it(`reports the option ${JSON.stringify(options)} in one line`, async () => {
      const { health, lines } = create();
      health.register({ name: "db", run: pass, ...options } as HealthCheck);
      assert.equal(lines.length, 1);
      assert.match(lines[0]!, line);
      assert.deepEqual(Object.keys((await health.ready()).checks), isAdded ? ["db"] : []);
    });
  }

  it("has at most 100 checks", async () => {
    const { health, lines } = create();
    for (let id = 0; id < 102; id++) health.register({ name: `db${id}`, run: pass });
    assert.equal(Object.keys((await health.ready()).checks).length, 100);
    assert.match(lines[0]!, /expected at most 100 checks; the check is left out/);
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

/** Removes what differs in each run. */
function resultsOf(checks: CheckReports): Record<string, object> {
  return Object.fromEntries(
    Object.entries(checks).map(([name, { duration_ms: durationMs, time, ...result }]) => {
      assert.ok(durationMs !== undefined && durationMs >= 0);
      assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
      return [name, result];
    }),
  );
}

/** Waits until the clock has advanced. */
async function nextMillisecond(): Promise<void> {
  const now = Date.now();
  while (Date.now() === now) await new Promise((resolve) => setImmediate(resolve));
}
