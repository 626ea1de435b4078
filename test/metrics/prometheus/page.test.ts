import assert from "node:assert/strict";
import { parsePage } from "../exposition.ts";
import { createMetricsPipeline } from "../metrics-fixture.ts";

describe("The Prometheus page", () => {
  it("is the same for two scrapers, with other scrapes in between", async () => {
    const { metrics } = createMetricsPipeline();
    const counter = metrics.meter.createCounter("c");
    counter.add(1);
    const values: unknown[] = [];
    for (let round = 0; round < 3; round += 1) {
      const page = parsePage((await metrics.prometheusPage(undefined))!.body.toString());
      values.push(page.samples.find(({ name }) => name === "c_total")?.value);
    }
    assert.deepEqual(values, [1, 1, 1]);
  });

  it("is missing without Prometheus among the exporters", async () => {
    const { metrics } = createMetricsPipeline({ OTEL_METRICS_EXPORTER: "otlp" });
    assert.equal(await metrics.prometheusPage(undefined), undefined);
  });

  it("leaves out a conflicting metric and reports it once", async () => {
    const { metrics, lines } = createMetricsPipeline();
    const meter = metrics.provider.getMeter("app");
    meter.createCounter("a").add(1);
    meter.createGauge("a.total").record(1);
    await metrics.prometheusPage(undefined);
    await metrics.prometheusPage(undefined);
    assert.deepEqual(lines.length, 1);
    assert.match(lines[0]!, /metric "a.total" is left out of the Prometheus page/);
  });
});

describe("Without metric exporters", () => {
  it("instruments record nothing and create no series", async () => {
    const { metrics } = createMetricsPipeline({ OTEL_METRICS_EXPORTER: "none" });
    const meter = metrics.provider.getMeter("app");
    meter.createCounter("c").add(1);
    meter.createHistogram("h").record(1);
    meter.createObservableGauge("g").addCallback(() => assert.fail("asked"));
    metrics.meter.createCounter("own").bind({ a: 1 }).add(1);
    metrics.start();
    assert.deepEqual(metrics.collect().scopeMetrics, []);
    assert.deepEqual(metrics.drainForExit(), []);
    await metrics.flush(1000);
  });
});
