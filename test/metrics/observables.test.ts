import assert from "node:assert/strict";
import type { ObservableResult } from "@opentelemetry/api";
import { ValueType } from "@opentelemetry/api";
import { SERIES_LIMIT } from "../../src/metrics/series-table.ts";
import { View } from "../../src/metrics/points.ts";
import { createGround, metricOf, namesOf, numbersOf } from "./ground.ts";

describe("Observable instruments", () => {
  it("call each callback once per collection, however often it was added", () => {
    const { store, take } = createGround();
    const gauge = store.provider.getMeter("app").createObservableGauge("g");
    let calls = 0;
    const callback = (result: ObservableResult): void => {
      calls += 1;
      result.observe(calls);
    };
    gauge.addCallback(callback);
    gauge.addCallback(callback);
    take();
    assert.equal(numbersOf(take(), "g")[0]?.value, 2);
    gauge.removeCallback(callback);
    assert.deepEqual(namesOf(take()), []);
    assert.equal(calls, 2);
  });

  it("show only what the latest callback said", () => {
    const { store, take } = createGround();
    const pools = ["a", "b"];
    store.provider
      .getMeter("app")
      .createObservableUpDownCounter("pool.size")
      .addCallback((result) => {
        for (const pool of pools) result.observe(1, { pool });
      });
    assert.equal(numbersOf(take(), "pool.size").length, 2);
    pools.shift();
    assert.deepEqual(
      numbersOf(take(), "pool.size").map(({ attributes }) => attributes),
      [{ pool: "b" }],
    );
  });

  it("take the last of two values for the same attributes", () => {
    const { store, take } = createGround();
    store.provider
      .getMeter("app")
      .createObservableCounter("c")
      .addCallback((result) => {
        result.observe(1, { a: 1 });
        result.observe(5, { a: 1 });
      });
    assert.deepEqual(
      numbersOf(take(), "c").map(({ value }) => value),
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
    it(`make ${String(expected)} of an observed ${typeof value} ${String(value)} of an integer counter`, () => {
      const { store, take } = createGround();
      store.provider
        .getMeter("app")
        .createObservableCounter("c", { valueType: ValueType.INT })
        .addCallback((result) => result.observe(value as number));
      const found = take().scopeMetrics.length > 0 ? numbersOf(take(), "c")[0]?.value : undefined;
      assert.equal(found, expected);
    });
  }

  it("give a batch callback its instruments and no others", () => {
    const { store, take } = createGround();
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
    assert.deepEqual(namesOf(take()), ["a"]);
    meter.removeBatchObservableCallback(callback, [b]);
    assert.deepEqual(namesOf(take()), ["a"]);
    meter.removeBatchObservableCallback(callback, [a]);
    assert.deepEqual(namesOf(take()), []);
  });

  it("add up what shares the overflow series", () => {
    const { store, take } = createGround();
    store.provider
      .getMeter("app")
      .createObservableCounter("c")
      .addCallback((result) => {
        for (let index = 0; index < SERIES_LIMIT + 10; index += 1) result.observe(1, { index });
      });
    for (const points of [numbersOf(take(), "c"), numbersOf(take(), "c")]) {
      assert.equal(points.length, SERIES_LIMIT);
      assert.equal(points.at(-1)?.value, 11);
    }
  });
});

describe("A collection", () => {
  const limits = { timeoutMillis: 50 };

  it("goes on without a callback that throws, rejects or never ends, and names them", async () => {
    const { store, lines } = createGround();
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
      new View("cumulative", store.began),
      limits,
    );
    assert.deepEqual(namesOf(resourceMetrics), ["good"]);
    assert.deepEqual(
      errors.map((error) => (error as Error).message),
      [
        "thrown",
        "rejected",
        "callbacks of observable instruments took longer than 50 ms (failing); the next pages don't wait for them",
      ],
    );
    assert.match(lines.join(""), /a callback of an observable instrument failed/);
  });

  it("waits once for a callback that never ends, and says so once", async () => {
    const { store } = createGround();
    const meter = store.provider.getMeter("app");
    let calls = 0;
    meter.createObservableGauge("hung").addCallback(() => {
      calls++;
      return new Promise(() => {});
    });
    meter.createObservableGauge("good").addCallback(async (result) => result.observe(1));
    const view = new View("cumulative", store.began);
    assert.equal((await store.collect(view, limits)).errors.length, 1);
    for (let round = 0; round < 5; round++) {
      // Would time out, if it waited.
      const next = await store.collect(view, { timeoutMillis: 1_000_000 });
      assert.deepEqual(namesOf(next.resourceMetrics), ["good"]);
      assert.deepEqual(next.errors, []);
    }
    assert.equal(calls, 1);
  });

  it("has a callback again that was late and then in time", async () => {
    const { store } = createGround();
    let end = (): void => {};
    const gauge = store.provider.getMeter("app").createObservableGauge("slow");
    let work = new Promise<void>((resolve) => (end = resolve));
    gauge.addCallback(async (result) => {
      await work;
      result.observe(7);
    });
    const view = new View("cumulative", store.began);
    assert.equal((await store.collect(view, limits)).errors.length, 1);
    end();
    work = Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    // Called and not waited for; it is in time.
    await store.collect(view, limits);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(namesOf((await store.collect(view, limits)).resourceMetrics), ["slow"]);
  });

  it("ignores what a callback observes after its time", async () => {
    const { store, take } = createGround();
    let late: ObservableResult | undefined;
    store.provider
      .getMeter("app")
      .createObservableGauge("g")
      .addCallback((result) => {
        late ??= result;
      });
    take();
    take();
    late?.observe(7);
    assert.deepEqual(namesOf(store.take(new View("cumulative", store.began))), []);
  });

  it("is shared by readers that ask at the same time", async () => {
    const { store } = createGround();
    let calls = 0;
    store.provider
      .getMeter("app")
      .createObservableCounter("c")
      .addCallback(async (result) => {
        calls += 1;
        await new Promise((resolve) => setImmediate(resolve));
        result.observe(10);
      });
    const views = [new View("cumulative", store.began), new View("delta", store.began)];
    const results = await Promise.all(views.map((view) => store.collect(view, limits)));
    assert.equal(calls, 1);
    for (const { resourceMetrics } of results) {
      assert.equal(metricOf(resourceMetrics, "c").dataPoints[0]?.value, 10);
    }
  });

  it("at the end of the process leaves asynchronous callbacks out", () => {
    const { store, take } = createGround();
    const meter = store.provider.getMeter("app");
    meter.createObservableGauge("later").addCallback(async (result) => {
      await Promise.resolve();
      result.observe(1);
    });
    meter.createObservableGauge("now").addCallback((result) => result.observe(1));
    assert.deepEqual(namesOf(take()), ["now"]);
  });
});
