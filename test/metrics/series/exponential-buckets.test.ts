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
import { type ExponentialSlot, TOTALS } from "../../../src/metrics/exponential-slots.ts";
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

function readerOf(
  temporality: "cumulative" | "delta",
  startedAt: number,
  exponential: ExponentialSlot,
): MetricReaderState {
  return new MetricReaderState(temporality, startedAt, { exponential, histograms: "exponential" });
}

function createExponentialFixture(temporality: "cumulative" | "delta"): MetricsFixture {
  const slot = temporality === "cumulative" ? TOTALS : { isTotal: false };
  const fixture = createMetricsFixture("trace_based", undefined, { exponential: [slot] });
  const { startedAt } = fixture.store;
  const state = readerOf(temporality, startedAt, slot);
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

  it("are complete for each of several readers, with delta and cumulative temporality", () => {
    const deltas = [{ isTotal: false }, { isTotal: false }];
    const slots = [TOTALS, ...deltas];
    const { store } = createMetricsFixture("trace_based", undefined, { exponential: slots });
    const total = readerOf("cumulative", store.startedAt, TOTALS);
    const [first, second] = deltas.map((slot) => readerOf("delta", store.startedAt, slot));
    const histogram = store.provider.getMeter("a").createHistogram("m");
    const counted = (state = total): unknown[] => {
      const { count, positive } = exponentialOf(store.collectNow(state));
      return [count, positive.bucketCounts.reduce((sum, one) => sum + one, 0)];
    };
    histogram.record(1);
    assert.deepEqual(
      [counted(first), counted()],
      [
        [1, 1],
        [1, 1],
      ],
    );
    histogram.record(2);
    histogram.record(4);
    assert.deepEqual(
      [counted(first), counted(second), counted()],
      [
        [2, 2],
        [3, 3],
        [3, 3],
      ],
    );
  });

  it("are explicit ones for other readers", () => {
    const { store } = createExponentialFixture("cumulative");
    store.provider.getMeter("a").createHistogram("m").record(3);
    const state = new MetricReaderState("cumulative", store.startedAt);
    assert.equal(metricOf(store.collectNow(state), "m").dataPointType, DataPointType.HISTOGRAM);
  });
});
