import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { pollUntil, WAIT_TIMEOUT_MS } from "../until.ts";
import { createMetricsPipeline } from "./metrics-fixture.ts";

const fixture = fileURLToPath(new URL("fixtures/pushing.ts", import.meta.url));

describe("Metrics over OTLP", () => {
  let receiver: Receiver;

  before(async () => {
    receiver = await startReceiver({ grpcPort: 0 });
  });

  beforeEach(() => receiver.clear());

  after(() => receiver.close());

  for (const protocol of ["http/protobuf", "http/json", "grpc"]) {
    it(`are exported over ${protocol}, and counted`, async () => {
      const { metrics, counters } = createMetricsPipeline(environment(receiver, protocol));
      const histogram = metrics.meter.createHistogram("h", {
        unit: "s",
        advice: { explicitBucketBoundaries: [1, 2] },
      });
      histogram.record(1.5, { route: "/a" });
      await metrics.flush(WAIT_TIMEOUT_MS);
      const found = receiver.metrics.find(({ name }) => name === "h");
      assert.deepEqual(
        [found?.unit, found?.type, found?.temporality, found?.scope.name],
        ["s", "histogram", "cumulative", "telltale"],
      );
      const { attributes, count, sum, min, max, bounds, buckets } = found!.points[0]!;
      assert.deepEqual(
        { attributes, count, sum, min, max, bounds, buckets },
        {
          attributes: { route: "/a" },
          count: 1,
          sum: 1.5,
          min: 1.5,
          max: 1.5,
          bounds: [1, 2],
          buckets: [0, 1, 0],
        },
      );
      assert.ok(receiver.metrics.some(({ name }) => name === "process.memory.usage"));
      assert.ok(counters.metrics.sent > 10);
      assert.equal(counters.metrics.queued, 0);
    });
  }

  for (const protocol of ["http/protobuf", "http/json", "grpc"]) {
    it(`have summaries over ${protocol}`, async () => {
      const { metrics } = createMetricsPipeline(environment(receiver, protocol));
      const options = { unit: "g", description: "Weights.", quantiles: [0, 1] };
      const weights = metrics.meter.createSummary("weights", options);
      for (const weight of [100, 100, 400])
        weights.record(weight, { kind: "büx", n: 1, half: 0.5 });
      weights.record(5, { kind: true, n: -1 });
      metrics.meter.createHistogram("h").record(1);
      await metrics.flush(WAIT_TIMEOUT_MS);
      assert.ok(receiver.metrics.some(({ name }) => name === "h"));
      const found = receiver.metrics.find(({ name }) => name === "weights")!;
      assert.deepEqual(
        [found.type, found.unit, found.description, found.scope.name],
        ["summary", "g", "Weights.", "telltale"],
      );
      assert.equal(found.resource.attributes["service.name"], "shop");
      assert.deepEqual(
        found.points.map(({ attributes, count, sum, quantiles }) => [
          attributes,
          count,
          sum,
          quantiles,
        ]),
        [
          [
            { kind: "büx", n: 1, half: 0.5 },
            3,
            600,
            [
              { quantile: 0, value: 100 },
              { quantile: 1, value: 400 },
            ],
          ],
          [
            { kind: true, n: -1 },
            1,
            5,
            [
              { quantile: 0, value: 5 },
              { quantile: 1, value: 5 },
            ],
          ],
        ],
      );
      assert.ok(
        BigInt(found.points[0]!.timeUnixNano) >= BigInt(found.points[0]!.startTimeUnixNano),
      );
    });
  }

  it("have exponential histograms if configured", async () => {
    const { metrics } = createMetricsPipeline({
      ...environment(receiver, "http/protobuf"),
      OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION:
        "base2_exponential_bucket_histogram",
    });
    metrics.meter.createHistogram("h").record(1.5);
    await metrics.flush(WAIT_TIMEOUT_MS);
    const found = receiver.metrics.find(({ name }) => name === "h");
    assert.deepEqual([found?.type, found?.points[0]?.count], ["exponentialHistogram", 1]);
  });

  it("have delta temporality if configured", async () => {
    const { metrics } = createMetricsPipeline({
      ...environment(receiver, "http/protobuf"),
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta",
    });
    const counter = metrics.meter.createCounter("c");
    for (const value of [5, 2]) {
      counter.add(value);
      await metrics.flush(WAIT_TIMEOUT_MS);
    }
    const reported = receiver.metrics.filter(({ name }) => name === "c");
    assert.deepEqual(
      reported.map(({ temporality, points }) => [temporality, points[0]?.value]),
      [
        ["delta", 5],
        ["delta", 2],
      ],
    );
    assert.equal(reported[1]?.points[0]?.startTimeUnixNano, reported[0]?.points[0]?.timeUnixNano);
  });

  it("are also on the Prometheus page", async () => {
    const { metrics } = createMetricsPipeline({
      ...environment(receiver, "http/protobuf"),
      OTEL_METRICS_EXPORTER: "prometheus,otlp",
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta",
    });
    metrics.meter.createCounter("c").add(5);
    await metrics.flush(WAIT_TIMEOUT_MS);
    await metrics.flush(WAIT_TIMEOUT_MS);
    assert.match((await metrics.prometheusPage(undefined))!.body.toString(), /^c_total 5$/m);
  });

  it("arrive from a process that ends at once, with the ids of its threads", async () => {
    const { stderr } = await promisify(execFile)(process.execPath, [fixture], {
      env: { ...process.env, ...environment(receiver, "http/protobuf") },
    });
    assert.equal(stderr, "");
    const jobs = (): unknown[][] =>
      receiver.metrics
        .filter(({ name }) => name === "jobs")
        .flatMap(({ points }) =>
          points.map(({ value, attributes }) => [value, attributes["thread.id"]]),
        );
    // What a process has written before its end may be read after it.
    const points = await pollUntil(
      async () => (jobs().length < 2 ? undefined : jobs()),
      "the data points of both threads",
    );
    assert.deepEqual(
      points.toSorted(([a], [b]) => Number(a) - Number(b)),
      [
        [1, undefined],
        [10, 1],
      ],
    );
  });
});

function environment(receiver: Receiver, protocol: string): Record<string, string> {
  return {
    OTEL_METRICS_EXPORTER: "otlp",
    // Longer than all tests take: the pipelines of earlier ones are not ended.
    OTEL_METRIC_EXPORT_INTERVAL: "86400000",
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_EXPORTER_OTLP_ENDPOINT: protocol === "grpc" ? receiver.grpcUrl! : receiver.url,
  };
}
