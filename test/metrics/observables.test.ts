import assert from "node:assert/strict";
import type { ObservableResult } from "@opentelemetry/api";
import { ValueType } from "@opentelemetry/api";
import { CARDINALITY_LIMIT } from "../../src/metrics/series-table.ts";
import { MetricReaderState } from "../../src/metrics/reader-state.ts";
import { awaitBlockedAnswer, type BlockedAnswer } from "../blocked-loop.ts";
import { createMetricsFixture, metricOf, metricNamesOf, numbersOf } from "./metrics-fixture.ts";

describe("Observable instruments", () => {
  it("call each callback once per collection, however often it was added", () => {
    const { store, collect } = createMetricsFixture();
    const gauge = store.provider.getMeter("app").createObservableGauge("g");
    let calls = 0;
    const callback = (result: ObservableResult): void => {
      calls += 1;
      result.observe(calls);
    };
    gauge.addCallback(callback);
    gauge.addCallback(callback);
    collect();
    assert.equal(numbersOf(collect(), "g")[0]?.value, 2);
    gauge.removeCallback(callback);
    assert.deepEqual(metricNamesOf(collect()), []);
    assert.equal(calls, 2);
  });

  it("show only the values of the latest round", () => {
    const { store, collect } = createMetricsFixture();
    const pools = ["a", "b"];
    store.provider
      .getMeter("app")
      .createObservableUpDownCounter("pool.size")
      .addCallback((result) => {
        for (const pool of pools) result.observe(1, { pool });
      });
    assert.equal(numbersOf(collect(), "pool.size").length, 2);
    pools.shift();
    assert.deepEqual(
      numbersOf(collect(), "pool.size").map(({ attributes }) => attributes),
      [{ pool: "b" }],
    );
  });

  it("use the last of two values for the same attributes", () => {
    const { store, collect } = createMetricsFixture();
    store.provider
      .getMeter("app")
      .createObservableCounter("c")
      .addCallback((result) => {
        result.observe(1, { a: 1 });
        result.observe(5, { a: 1 });
      });
    assert.deepEqual(
      numbersOf(collect(), "c").map(({ value }) => value),
      [5],
    );
  });

  for (const [value, expected] of [
    [1.5, 1],
    [-1, undefined],
    [NaN, undefined],
    ["1", undefined],
    [undefined, undefined],
  ] as const) {
    it(`record ${String(expected)} for an observed ${typeof value} ${String(value)} of an integer counter`, () => {
      const { store, collect } = createMetricsFixture();
      store.provider
        .getMeter("app")
        .createObservableCounter("c", { valueType: ValueType.INT })
        .addCallback((result) => result.observe(value as number));
      const found =
        collect().scopeMetrics.length > 0 ? numbersOf(collect(), "c")[0]?.value : undefined;
      assert.equal(found, expected);
    });
  }

  it("accept values for the instruments of a batch callback only", () => {
    const { store, collect } = createMetricsFixture();
    const meter = store.provider.getMeter("app");
    const a = meter.createObservableGauge("a");
    const b = meter.createObservableGauge("b");
    const callback: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
      result.observe(a, 1);
      result.observe(b, 2);
      result.observe({} as never, 3);
    };
    meter.addBatchObservableCallback(callback, [a]);
    meter.addBatchObservableCallback(callback, [a]);
    assert.deepEqual(metricNamesOf(collect()), ["a"]);
    meter.removeBatchObservableCallback(callback, [b]);
    assert.deepEqual(metricNamesOf(collect()), ["a"]);
    meter.removeBatchObservableCallback(callback, [a]);
    assert.deepEqual(metricNamesOf(collect()), []);
  });

  it("add up values in the overflow series", () => {
    const { store, collect } = createMetricsFixture();
    store.provider
      .getMeter("app")
      .createObservableCounter("c")
      .addCallback((result) => {
        for (let index = 0; index < CARDINALITY_LIMIT + 10; index += 1)
          result.observe(1, { index });
      });
    for (const points of [numbersOf(collect(), "c"), numbersOf(collect(), "c")]) {
      assert.equal(points.length, CARDINALITY_LIMIT);
      assert.equal(points.at(-1)?.value, 11);
    }
  });
});

describe("A collection", () => {
  const limits = { timeoutMillis: 50 };

  it("skips callbacks that throw, reject or never end, and names them", async () => {
    const { store, lines } = createMetricsFixture();
    const meter = store.provider.getMeter("app");
    const failing = meter.createObservableGauge("failing");
    failing.addCallback(() => {
      throw new Error("thrown");
    });
    failing.addCallback(async () => {
      throw new Error("rejected");
    });
    failing.addCallback(() => new Promise(() => {}));
    meter.createObservableGauge("good").addCallback(async (result) => result.observe(1));
    const { resourceMetrics, errors } = await store.collect(
      new MetricReaderState("cumulative", store.startedAt),
      limits,
    );
    assert.deepEqual(metricNamesOf(resourceMetrics), ["good"]);
    assert.deepEqual(
      errors.map((error) => (error as Error).message),
      [
        "failing: its callback failed (object Error: thrown); it has no value",
        "failing: its callback failed (object Error: rejected); it has no value",
        "failing: its callback took longer than 50 ms; later collections don't wait for it until it answers in time",
      ],
    );
    assert.match(
      lines.join(""),
      /^telltale: metric "failing": its callback failed \(object Error: thrown\); it has no value\n$/,
    );
  });

  it("waits once for a callback that never ends, and reports it once", async () => {
    const { store } = createMetricsFixture();
    const meter = store.provider.getMeter("app");
    let calls = 0;
    meter.createObservableGauge("hung").addCallback(() => {
      calls++;
      return new Promise(() => {});
    });
    meter.createObservableGauge("good").addCallback(async (result) => result.observe(1));
    const readerState = new MetricReaderState("cumulative", store.startedAt);
    assert.equal((await store.collect(readerState, limits)).errors.length, 1);
    for (let round = 0; round < 5; round++) {
      // Times out if it waits.
      const next = await store.collect(readerState, { timeoutMillis: 1_000_000 });
      assert.deepEqual(metricNamesOf(next.resourceMetrics), ["good"]);
      assert.deepEqual(next.errors, []);
    }
    assert.equal(calls, 1);
  });

  it("awaits a late callback again after a call in time", async () => {
    const { store } = createMetricsFixture();
    let end = (): void => {};
    const gauge = store.provider.getMeter("app").createObservableGauge("slow");
    let work = new Promise<void>((resolve) => (end = resolve));
    gauge.addCallback(async (result) => {
      await work;
      result.observe(7);
    });
    const readerState = new MetricReaderState("cumulative", store.startedAt);
    assert.equal((await store.collect(readerState, limits)).errors.length, 1);
    end();
    work = Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    // Called but not awaited; it ends in time.
    await store.collect(readerState, limits);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(metricNamesOf((await store.collect(readerState, limits)).resourceMetrics), [
      "slow",
    ]);
  });

  it("has the value of a callback whose answer arrives while the event loop is blocked, each time", async () => {
    const { store } = createMetricsFixture();
    let answer: BlockedAnswer;
    store.provider
      .getMeter("app")
      .createObservableGauge("late")
      .addCallback(async (result) => {
        const { read } = answer;
        // Once the collection waits.
        queueMicrotask(() => answer.arrive(2 * limits.timeoutMillis));
        await read;
        result.observe(7);
      });
    const readerState = new MetricReaderState("cumulative", store.startedAt);
    for (let round = 0; round < 2; round++) {
      answer = await awaitBlockedAnswer();
      const { resourceMetrics, errors } = await store.collect(readerState, limits);
      answer.close();
      assert.deepEqual([metricNamesOf(resourceMetrics), errors], [["late"], []]);
    }
  });

  it("ignores observations after the time limit", async () => {
    const { store, collect } = createMetricsFixture();
    let late: ObservableResult | undefined;
    store.provider
      .getMeter("app")
      .createObservableGauge("g")
      .addCallback((result) => {
        late ??= result;
      });
    collect();
    collect();
    late?.observe(7);
    assert.deepEqual(
      metricNamesOf(store.snapshot(new MetricReaderState("cumulative", store.startedAt))),
      [],
    );
  });

  it("is shared by readers that collect at the same time", async () => {
    const { store } = createMetricsFixture();
    let calls = 0;
    store.provider
      .getMeter("app")
      .createObservableCounter("c")
      .addCallback(async (result) => {
        calls += 1;
        await new Promise((resolve) => setImmediate(resolve));
        result.observe(10);
      });
    const readerStates = [
      new MetricReaderState("cumulative", store.startedAt),
      new MetricReaderState("delta", store.startedAt),
    ];
    const results = await Promise.all(
      readerStates.map((readerState) => store.collect(readerState)),
    );
    assert.equal(calls, 1);
    for (const { resourceMetrics } of results) {
      assert.equal(metricOf(resourceMetrics, "c").dataPoints[0]?.value, 10);
    }
  });

  it("at process exit leaves out asynchronous callbacks", () => {
    const { store, collect } = createMetricsFixture();
    const meter = store.provider.getMeter("app");
    meter.createObservableGauge("later").addCallback(async (result) => {
      await Promise.resolve();
      result.observe(1);
    });
    meter.createObservableGauge("now").addCallback((result) => result.observe(1));
    assert.deepEqual(metricNamesOf(collect()), ["now"]);
  });
});
