import assert from "node:assert/strict";
import {
  AggregationType,
  type DataPoint,
  DataPointType,
  type ExponentialHistogram,
  MeterProvider,
  MetricReader,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import { EXPONENTIAL_HISTOGRAM, MetricReaderState } from "../../../src/metrics/reader-state.ts";
import { Random } from "../../random.ts";
import { createMetricsFixture, type MetricsFixture, metricOf } from "../metrics-fixture.ts";

class SdkReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

const random = new Random(14);

/** Values whose buckets the SDK counts too. */
const distributions: readonly (readonly [what: string, values: readonly number[]])[] = [
  ["one value", [0.25]],
  ["powers of two", [0.125, 0.25, 0.5, 1, 2, 4, 1024]],
  ["zeros", [0, 0, 1]],
  ["values of one bucket", [1.5, 1.5, 1.5]],
  ["a growing range", Array.from({ length: 300 }, (_, index) => 1.1 ** index)],
  ["a falling range", Array.from({ length: 300 }, (_, index) => 1.1 ** -index)],
  ["extremes", [1e-300, 1e300, 1]],
  ["the smallest number", [Number.MIN_VALUE, 1]],
  ["durations", Array.from({ length: 2000 }, () => Math.exp(-6 + 8 * random.next()))],
];

function exponentialOf(collected: ResourceMetrics): ExponentialHistogram {
  const [point] = metricOf(collected, "m").dataPoints as DataPoint<ExponentialHistogram>[];
  return point!.value;
}

async function sdkHistogramOf(values: readonly number[]): Promise<ExponentialHistogram> {
  const reader = new SdkReader({
    aggregationSelector: () => ({ type: AggregationType.EXPONENTIAL_HISTOGRAM }),
  });
  const histogram = new MeterProvider({ readers: [reader] }).getMeter("a").createHistogram("m");
  for (const value of values) histogram.record(value);
  return exponentialOf((await reader.collect()).resourceMetrics);
}

function createExponentialFixture(temporality: "cumulative" | "delta"): MetricsFixture {
  const fixture = createMetricsFixture("trace_based", undefined, { exponential: true });
  const state = new MetricReaderState(temporality, fixture.store.startedAt, { exponential: true });
  return { ...fixture, collect: () => fixture.collect(state) };
}

describe("Exponential histograms", () => {
  for (const [what, values] of distributions) {
    it(`have the SDK's buckets: ${what}`, async () => {
      const { store, collect } = createExponentialFixture("cumulative");
      const histogram = store.provider.getMeter("a").createHistogram("m");
      for (const value of values) histogram.record(value);
      assert.equal(metricOf(collect(), "m").dataPointType, EXPONENTIAL_HISTOGRAM);
      assert.deepEqual(exponentialOf(collect()), await sdkHistogramOf(values));
    });
  }

  it("have the changes of an interval with delta temporality", async () => {
    const { store, collect } = createExponentialFixture("delta");
    const histogram = store.provider.getMeter("a").createHistogram("m");
    for (const values of [
      [1, 2, 1000],
      [0.25, 0.5],
    ]) {
      for (const value of values) histogram.record(value);
      assert.deepEqual(exponentialOf(collect()), await sdkHistogramOf(values));
    }
    assert.deepEqual(collect().scopeMetrics, []);
  });

  it("are explicit ones for other readers", () => {
    const { store } = createExponentialFixture("cumulative");
    store.provider.getMeter("a").createHistogram("m").record(3);
    const state = new MetricReaderState("cumulative", store.startedAt);
    assert.equal(metricOf(store.collectNow(state), "m").dataPointType, DataPointType.HISTOGRAM);
  });
});
