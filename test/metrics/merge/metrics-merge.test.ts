import assert from "node:assert/strict";
import type { DataPoint, ExponentialHistogram, ScopeMetrics } from "@opentelemetry/sdk-metrics";
import type { MetricViewsConfig } from "../../../src/config/config.ts";
import type { PageHistogram, PointWithExemplar } from "../../../src/metrics/exemplars.ts";
import { CARDINALITY_LIMIT } from "../../../src/metrics/series-table.ts";
import { EXPONENTIAL_HISTOGRAM } from "../../../src/metrics/reader-state.ts";
import { MetricsMerge, monotonicMetrics } from "../../../src/metrics/merge/metrics-merge.ts";
import { threadRule } from "../../../src/metrics/merge/rules.ts";
import {
  createMetricsFixture,
  histogramsOf,
  metricOf,
  numbersOf,
  shopResource,
} from "../metrics-fixture.ts";

const unselected = {
  ...{ kind: undefined, unit: undefined, meterName: undefined },
  ...{ meterVersion: undefined, meterSchemaUrl: undefined },
};

const exponentialViews: MetricViewsConfig = {
  ...{ drop: [], rename: [], dropAttributes: [], buckets: [], cardinalityLimits: [] },
  expireMs: undefined,
  declared: [
    {
      selector: { ...unselected, name: "h" },
      ...{ name: undefined, description: undefined, cardinalityLimit: undefined },
      aggregation: { kind: "exponential_histogram", size: {}, hasExtremes: true },
      attributes: undefined,
    },
  ],
};

describe("Merging metrics", () => {
  it("adds histograms bucket by bucket", () => {
    const thread = scopesWith((meter) => {
      const histogram = meter.createHistogram("h", {
        advice: { explicitBucketBoundaries: [1, 2] },
      });
      histogram.record(1);
      histogram.record(5);
    });
    const [point] = histogramsOf(merged(thread, thread), "h");
    assert.deepEqual(point?.value.buckets.counts, [2, 0, 2]);
    assert.deepEqual([point?.value.count, point?.value.sum], [4, 12]);
  });

  it("adds exponential histograms at the lower scale, and keeps those of ended processes", () => {
    const thread = (...values: readonly number[]): ScopeMetrics[] => {
      const { store, collect } = createMetricsFixture("trace_based", exponentialViews);
      const histogram = store.provider.getMeter("app").createHistogram("h");
      for (const value of values) histogram.record(value);
      return collect().scopeMetrics;
    };
    const merge = new MetricsMerge(threadRule);
    merge.add({ scopeMetrics: thread(1, 2, 1e6), ended: false, labels: undefined });
    const ended = monotonicMetrics(thread(0, 1, 1));
    merge.add({ scopeMetrics: ended, ended: true, labels: undefined });
    const data = metricOf({ resource: shopResource, scopeMetrics: merge.result() }, "h");
    const { value } = data.dataPoints[0] as DataPoint<ExponentialHistogram>;
    assert.equal(data.dataPointType, EXPONENTIAL_HISTOGRAM);
    assert.deepEqual([value.count, value.sum, value.zeroCount, value.scale], [6, 1000005, 1, 2]);
    const filled = value.positive.bucketCounts.flatMap((count, position) =>
      count === 0 ? [] : [[value.positive.offset + position, count]],
    );
    assert.deepEqual(filled, [
      [-1, 3],
      [3, 1],
      [79, 1],
    ]);
  });

  it("keeps the latest exemplar of each bucket", () => {
    const span = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1 };
    const thread = (spanId: string): ScopeMetrics[] =>
      scopesWith((meter) =>
        meter
          .createHistogram("h")
          .bind()
          .record(1, { ...span, spanId }),
      );
    const [point] = histogramsOf(merged(thread("1"), structuredClone(thread("2"))), "h");
    const { exemplars } = point!.value as PageHistogram;
    assert.deepEqual(
      exemplars?.flatMap((exemplar) => exemplar ?? []).map(({ value }) => value),
      [1],
    );
  });

  it("keeps the latest exemplar of a counter", () => {
    const span = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1 };
    const thread = (value: number): ScopeMetrics[] =>
      scopesWith((meter) => meter.createCounter("c").bind().add(value, span));
    const plain = scopesWith((meter) => meter.createCounter("c").add(10));
    for (const [a, b] of [
      [plain, thread(3)],
      [thread(3), plain],
    ] as const) {
      const [point] = numbersOf(merged(a, structuredClone(b)), "c");
      assert.equal(point?.value, 13);
      assert.equal((point as PointWithExemplar).exemplar?.value, 3);
    }
  });

  it("keeps the first of two histograms with different buckets", () => {
    const one = scopesWith((meter) => meter.createHistogram("h").record(1));
    const other = scopesWith((meter) =>
      meter.createHistogram("h", { advice: { explicitBucketBoundaries: [1] } }).record(1),
    );
    assert.equal(histogramsOf(merged(one, other), "h")[0]?.value.count, 1);
  });

  it("does not merge metrics of different kind, unit or scope", () => {
    const one = scopesWith((meter) => meter.createCounter("c").add(1));
    const other = scopesWith((meter) => meter.createUpDownCounter("c").add(1));
    const third = scopesWith((meter) => meter.createCounter("c", { unit: "By" }).add(1));
    const all = merged(
      one,
      other,
      third,
      scopesWith((meter) => meter.createCounter("c").add(1), "lib"),
    );
    assert.equal(all.scopeMetrics.length, 2);
    assert.equal(all.scopeMetrics[0]?.metrics.length, 3);
  });

  it("uses the overflow series above the cardinality limit", () => {
    const thread = (name: string): ScopeMetrics[] =>
      scopesWith((meter) => {
        const counter = meter.createCounter("c");
        for (let index = 0; index < 1500; index += 1) counter.add(1, { name, index });
      });
    const all = merged(thread("a"), thread("b"), thread("c"));
    const points = numbersOf(all, "c");
    assert.equal(points.length, CARDINALITY_LIMIT);
    assert.equal(
      points.reduce((sum, { value }) => sum + value, 0),
      4500,
    );
    assert.equal(points.at(-1)?.attributes["otel.metric.overflow"], true);
  });

  it("assigns each series its place within the limit for life, so that no overflow series falls", () => {
    const places = new Map<string, Set<string>>();
    const thread = (name: string): ScopeMetrics[] =>
      scopesWith((meter) => {
        const counter = meter.createCounter("c");
        for (let index = 0; index < 1500; index += 1) counter.add(1, { name, index });
      });
    const [a, b] = [thread("a"), thread("b")];
    const overflow = (...parts: readonly ScopeMetrics[][]): number | undefined => {
      const merge = new MetricsMerge(threadRule, places);
      for (const scopeMetrics of parts)
        merge.add({ scopeMetrics, ended: false, labels: undefined });
      const all = { resource: shopResource, scopeMetrics: merge.result() };
      return numbersOf(all, "c").find(({ attributes }) => "otel.metric.overflow" in attributes)
        ?.value;
    };
    assert.equal(overflow(a, b), 1001);
    assert.equal(overflow(b, a), 1001);
  });

  it("does not change its input", () => {
    const thread = scopesWith((meter) => meter.createCounter("c").add(1));
    const before = structuredClone(thread);
    merged(thread, thread);
    assert.deepEqual(thread, before);
  });

  it("keeps only the counts of ended threads", () => {
    const thread = scopesWith((meter) => {
      meter.createCounter("c").add(1);
      meter.createUpDownCounter("u").add(1);
      meter.createGauge("g").record(1);
      meter.createHistogram("h").record(1);
    });
    const names = monotonicMetrics(thread).flatMap(({ metrics }) =>
      metrics.map(({ descriptor }) => descriptor.name),
    );
    assert.deepEqual(names, ["c", "h"]);
    assert.equal(metricOf(merged(monotonicMetrics(thread)), "c").dataPoints[0]?.value, 1);
  });
});

type Meter = ReturnType<ReturnType<typeof createMetricsFixture>["store"]["provider"]["getMeter"]>;

function scopesWith(fill: (meter: Meter) => void, scope = "app"): ScopeMetrics[] {
  const { store, collect } = createMetricsFixture();
  fill(store.provider.getMeter(scope));
  return collect().scopeMetrics;
}

function merged(
  main: ScopeMetrics[],
  ...threads: readonly ScopeMetrics[][]
): Parameters<typeof metricOf>[0] {
  const merge = new MetricsMerge(threadRule);
  merge.add({ scopeMetrics: main, ended: false, labels: undefined });
  for (const [index, scopeMetrics] of threads.entries())
    merge.add({ scopeMetrics, ended: false, labels: { "thread.id": index + 1 } });
  return { resource: shopResource, scopeMetrics: merge.result() };
}
