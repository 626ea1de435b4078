import assert from "node:assert/strict";
import type { HealthCheckResult } from "../../src/api.ts";
import { createHealth, type Health } from "../../src/health/health.ts";
import { createMetricsPipeline, metricOf } from "../metrics/metrics-fixture.ts";
import { pollUntilTrue } from "../until.ts";

const CHECK = "telltale.health.check.passing";

function create(): { readonly health: Health; values(metric: string): Record<string, unknown> } {
  const { metrics, lines: _lines, ...fixture } = createMetricsPipeline();
  return {
    health: createHealth({ ...fixture, meter: metrics.meter }),
    values(metric) {
      const { dataPoints } = metricOf(metrics.collect(), metric);
      return Object.fromEntries(
        dataPoints.map(({ attributes, value }) => [labelsOf(attributes), value]),
      );
    },
  };
}

const labelsOf = (attributes: Readonly<Record<string, unknown>>): string =>
  ["name", "critical"]
    .map((key) => attributes[`telltale.health.check.${key}`])
    .filter((value) => value !== undefined)
    .map(String)
    .join();

const pass = (): HealthCheckResult => ({ status: "pass" });
const warn = (): HealthCheckResult => ({ status: "warn" });
const fail = (): HealthCheckResult => ({ status: "fail" });

describe("The metrics of health", () => {
  it("have the last result of each check, and what /readyz responds", async () => {
    const { health, values } = create();
    assert.deepEqual(values("telltale.health.ready"), { "": 1 });
    const remove = health.register({ name: "db", run: fail });
    health.register({ name: "cache", run: warn });
    health.register({ name: "search", critical: false, run: fail });
    health.register({ name: "queue", critical: false, run: pass });
    assert.deepEqual(values("telltale.health.ready"), { "": 0 }, "a check has not run yet");
    await health.ready();
    assert.deepEqual(values(CHECK), {
      "db,true": 0,
      "cache,true": 1,
      "search,false": 0,
      "queue,false": 1,
    });
    assert.deepEqual(values("telltale.health.ready"), { "": 0 });
    remove();
    assert.deepEqual(Object.keys(values(CHECK)), ["cache,true", "search,false", "queue,false"]);
    assert.deepEqual(values("telltale.health.ready"), { "": 1 });
    health.startDraining();
    assert.deepEqual(values("telltale.health.ready"), { "": 0 });
  });

  it("don't run a check when they are collected", () => {
    const { health, values } = create();
    let runs = 0;
    health.register({ name: "db", run: () => void runs++ });
    for (let scrape = 0; scrape < 10; scrape++) values("telltale.health.ready");
    assert.equal(runs, 0);
  });

  it("are refreshed without a probe, until the process ends", async () => {
    const { health, values } = create();
    let runs = 0;
    const run = (): HealthCheckResult => ({ status: ++runs > 2 ? "fail" : "pass" });
    health.register({ name: "db", intervalMs: 100, run });
    await pollUntilTrue(() => runs > 2, "the third run");
    assert.deepEqual(values(CHECK), { "db,true": 0 });
    health.startDraining();
    const before = runs;
    await new Promise((resolve) => setTimeout(resolve, 250));
    await health.ready();
    assert.equal(runs, before);
  });
});
