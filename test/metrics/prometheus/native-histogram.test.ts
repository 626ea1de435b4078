import assert from "node:assert/strict";
import type { DataPoint, ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { ROOT_CONTEXT } from "../../../src/context/context.ts";
import type { PageHistogram } from "../../../src/metrics/exemplars.ts";
import { MetricsMerge } from "../../../src/metrics/merge/metrics-merge.ts";
import { threadRule } from "../../../src/metrics/merge/rules.ts";
import { Random, testSeed } from "../../random.ts";
import { collectingProvider } from "../../traces/provider.ts";
import {
  labelsOf,
  nativeCounts,
  parseProtobufPage,
  type ProtobufHistogram,
} from "../exposition-protobuf.ts";
import { createMetricsFixture, histogramsOf, type MetricsFixture } from "../metrics-fixture.ts";
import { pageBytes } from "./page-text.ts";

const random = new Random(testSeed());

/** Values of a histogram, and the schema that is fine enough for 160 buckets. */
const distributions: readonly (readonly [
  what: string,
  values: readonly number[],
  schema: number,
])[] = [
  ["one value", [0.25], 8],
  ["zeros", [0, 0], 8],
  ["values of two buckets", [1, 1.001, 1.001], 8],
  ["powers of two", [0.125, 0.25, 0.5, 1, 2, 4, 1024], 3],
  ["gaps of one to four buckets", [1, 1.01, 1.012, 1.02, 1.03, 1.04], 8],
  ["a growing range", Array.from({ length: 300 }, (_, index) => 1.1 ** index), 1],
  ["a falling range", Array.from({ length: 300 }, (_, index) => 1.1 ** -index), 1],
  ["all numbers", [Number.MIN_VALUE, 1, Number.MAX_VALUE], -4],
  ["durations", Array.from({ length: 2000 }, () => 0.001 * 1000 ** random.next()), 4],
];

describe(`Native histograms on the Prometheus page (TEST_SEED=${random.seed})`, () => {
  for (const [what, values, schema] of distributions) {
    it(`count each value in its bucket: ${what}`, () => {
      const native = histogramOf(recorded([values]));
      assert.equal(native.schema, schema);
      assert.equal(Number(native.zeroCount), values.filter((value) => value === 0).length);
      assert.deepEqual(
        [...nativeCounts(native)],
        [...countsOf(values, schema)].toSorted(([a], [b]) => a - b),
      );
      assert.equal(native.bucket.at(-1)?.count, String(values.length), "the classic buckets too");
    });
  }

  it("of several processes have all values, at the coarsest schema or below", () => {
    for (let round = 0; round < 50; round += 1) {
      const parts = Array.from({ length: 1 + random.below(5) }, randomValues);
      const native = histogramOf(recorded(parts));
      const values = parts.flat();
      const counts = countsOf(values, native.schema!);
      assert.deepEqual(
        [...nativeCounts(native)],
        [...counts].toSorted(([a], [b]) => a - b),
      );
      const indexes = [...counts.keys()];
      const range = Math.max(...indexes) - Math.min(...indexes) + 1;
      assert.ok(!(range > 160), `${range} buckets`);
      for (const part of parts) {
        const own = histogramOf(recorded([part])).schema!;
        assert.ok(native.schema! <= own, `${native.schema} above ${own}`);
      }
    }
  });

  it("are left out if one of the processes has none: they would lack its values", () => {
    const scopes = [fixtureWith([1, 2]), fixtureWith([3], false)].map(({ collect }) => collect());
    const merge = new MetricsMerge(threadRule);
    for (const { scopeMetrics } of scopes)
      merge.add({ scopeMetrics, ended: false, labels: undefined });
    const merged = histogramOf({ ...scopes[0]!, scopeMetrics: merge.result() });
    assert.deepEqual([merged.count, merged.schema], ["3", undefined]);
  });

  it("never count down, and keep or coarsen their schema, while values are recorded", () => {
    const fixture = fixtureWith([]);
    const histogram = fixture.store.provider.getMeter("app").createHistogram("h");
    let before: ProtobufHistogram | undefined;
    for (let round = 0; round < 40; round += 1) {
      for (const value of randomValues()) histogram.record(value);
      const native = histogramOf(fixture.collect());
      if (before !== undefined) {
        assert.ok(native.schema! <= before.schema!);
        const now = nativeCounts(native);
        const shift = before.schema! - native.schema!;
        const coarser = new Map<number, number>();
        for (const [index, count] of nativeCounts(before)) {
          const at = Math.ceil(index / 2 ** shift);
          coarser.set(at, (coarser.get(at) ?? 0) + count);
        }
        for (const [index, count] of coarser) assert.ok(now.get(index)! >= count);
      }
      before = native;
    }
  });

  it("have large counts", () => {
    const { collect } = fixtureWith([1, 1, 2]);
    const collected = collect();
    const { value } = histogramsOf(collected, "h")[0] as DataPoint<PageHistogram>;
    const big = 2 ** 52;
    const native = value.native!;
    const { offset, bucketCounts } = native.positive;
    Object.assign(value, {
      count: big + 7,
      native: {
        ...native,
        zeroCount: 5,
        positive: {
          offset,
          bucketCounts: bucketCounts.map((count) => (count === 2 ? big : count * 2)),
        },
      },
    });
    const counts = nativeCounts(histogramOf(collected));
    assert.deepEqual([...counts.values()], [big, 2]);
  });

  it("have the exemplars of the classic buckets, in the order of their times", () => {
    const { store, collect } = fixtureWith([], true, "always_on");
    const tracer = collectingProvider({}).provider.getTracer("t");
    const histogram = store.provider.getMeter("app").createHistogram("h");
    const spans = [3, 70, 8000].map((value) => {
      const span = tracer.startSpan("work");
      histogram.record(value, {}, ROOT_CONTEXT.withSpan(span));
      return [value, span.spanContext().traceId] as const;
    });
    const { exemplars = [], bucket } = histogramOf(collect());
    const shown = exemplars.map(({ value, label }) => [value, labelsOf(label)["trace_id"]]);
    assert.deepEqual(shown, spans);
    assert.ok(exemplars.every(({ timestamp }) => Number(timestamp?.seconds) > 1e9));
    const classic = bucket.flatMap(({ exemplar }) => exemplar ?? []);
    assert.deepEqual(
      classic.map(({ value }) => value),
      [3, 70, 8000],
    );
  });
});

/** Values from a random range of a random width, some of them zero. */
function randomValues(): number[] {
  const center = random.chance(0.2) ? 600 * random.next() - 300 : 10 * random.next() - 5;
  const width = 10 ** (4 * random.next() - 2);
  return Array.from({ length: 1 + random.below(50) }, () =>
    random.chance(0.05) ? 0 : 10 ** Math.max(-300, Math.min(300, center + width * random.next())),
  );
}

/** Returns the counts of native buckets by their indexes, from the limits of the specification. */
function countsOf(values: readonly number[], schema: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) {
    if (value === 0) continue;
    // Also subnormal numbers count as the smallest normal one.
    const index = indexOf(Math.max(value, 2 ** -1022), schema);
    counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  return counts;
}

/** Returns the index of the first bucket whose limit, `2 ** (index * 2 ** -schema)`, is not below the value. */
function indexOf(value: number, schema: number): number {
  let low = -1100 * 2 ** schema;
  let high = 1100 * 2 ** schema;
  [low, high] = [Math.floor(low), Math.ceil(high)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (limitOf(middle, schema) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Powers of two are exact; the limits in between are those that the logarithm rounds to. */
function limitOf(index: number, schema: number): number {
  return 2 ** (index / 2 ** schema);
}

function fixtureWith(
  values: readonly number[],
  native = true,
  filter: "trace_based" | "always_on" = "trace_based",
): MetricsFixture {
  const fixture = createMetricsFixture(filter, undefined, { native });
  const histogram = fixture.store.provider.getMeter("app").createHistogram("h");
  for (const value of values) histogram.record(value);
  return fixture;
}

/** Collects the values of several processes, merged. */
function recorded(parts: readonly (readonly number[])[]): ResourceMetrics {
  const collected = parts.map((values) => fixtureWith(values).collect());
  const merge = new MetricsMerge(threadRule);
  for (const { scopeMetrics } of collected) {
    merge.add({ scopeMetrics, ended: false, labels: undefined });
  }
  return { ...collected[0]!, scopeMetrics: merge.result() };
}

function histogramOf(collected: ResourceMetrics): ProtobufHistogram {
  const family = parseProtobufPage(pageBytes(collected)).find(({ name }) => name === "h");
  return family!.metric[0]!.histogram!;
}
