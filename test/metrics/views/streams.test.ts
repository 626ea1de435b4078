import assert from "node:assert/strict";
import type { MetricViewsConfig, MetricView, ViewAggregation } from "../../../src/config/config.ts";
import { createAppInstruments } from "../../../src/metrics/app-instruments.ts";
import { MetricReaderState } from "../../../src/metrics/reader-state.ts";
import {
  createMetricsFixture,
  histogramsOf,
  type MetricsFixture,
  metricNamesOf,
  metricOf,
  numbersOf,
} from "../metrics-fixture.ts";
import { Diagnostics } from "../../../src/diagnostics/diagnostics.ts";

const anything: MetricView["selector"] = {
  ...{ name: undefined, kind: undefined, unit: undefined },
  ...{ meterName: undefined, meterVersion: undefined, meterSchemaUrl: undefined },
};

function viewOf(
  selected: string,
  { aggregation, ...changes }: Partial<MetricView> & { aggregation?: ViewAggregation } = {},
): MetricView {
  return {
    selector: { ...anything, name: selected },
    ...{ name: undefined, description: undefined, cardinalityLimit: undefined },
    ...{ attributes: undefined, aggregation, ...changes },
  };
}

function fixtureOf(...declared: readonly MetricView[]): MetricsFixture {
  const views: MetricViewsConfig = {
    ...{ drop: [], rename: [], dropAttributes: [], buckets: [], cardinalityLimits: [] },
    ...{ expireMs: undefined, declared },
  };
  return createMetricsFixture("always_off", views);
}

const histogram: ViewAggregation = {
  kind: "explicit_histogram",
  boundaries: [1, 2],
  hasExtremes: true,
};

describe("Streams of an instrument", () => {
  it("with one name are all exported, the first only on the page, and reported once", () => {
    const { store, lines, collect } = fixtureOf(
      viewOf("orders"),
      viewOf("orders", { attributes: { included: [], excluded: [] } }),
      viewOf("orders", { aggregation: histogram }),
    );
    const meter = store.provider.getMeter("app");
    for (let count = 0; count < 3; count += 1) meter.createCounter("orders").add(2, { id: 1 });
    const names = metricNamesOf(collect());
    assert.deepEqual(names, ["orders", "orders", "orders"]);
    const page = collect(
      new MetricReaderState("cumulative", store.startedAt, { hasDuplicates: false }),
    );
    assert.deepEqual(metricNamesOf(page), ["orders"]);
    assert.deepEqual(
      numbersOf(page, "orders").map(({ value }) => value),
      [6],
    );
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /several views select the metric "orders" and give it one name/);
  });

  it("are those of the views that don't drop it", () => {
    const { store, collect, lines } = fixtureOf(
      viewOf("*", { aggregation: { kind: "drop" } }),
      viewOf("orders"),
    );
    const meter = store.provider.getMeter("app");
    meter.createCounter("orders").add(1);
    meter.createCounter("parcels").add(1);
    meter.createObservableGauge("queue").addCallback(() => assert.fail("called"));
    assert.deepEqual(metricNamesOf(collect()), ["orders"]);
    assert.deepEqual(lines, []);
  });

  it("are no histograms of asynchronous instruments, which is reported", () => {
    const { store, collect, lines } = fixtureOf(
      viewOf("queue", { name: "lengths", aggregation: histogram }),
    );
    const meter = store.provider.getMeter("app");
    meter.createObservableGauge("queue").addCallback((result) => result.observe(7));
    assert.equal(numbersOf(collect(), "queue")[0]?.value, 7);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /explicit_histogram is not possible for an asynchronous instrument/);
  });

  it("get no values that the instrument does not take, and attributes that can be read", () => {
    const { store, collect, lines } = fixtureOf(
      viewOf("orders", { aggregation: { kind: "last_value" } }),
      viewOf("orders", { name: "sizes", aggregation: histogram }),
      viewOf("open", { aggregation: histogram }),
      viewOf("heat", { aggregation: { kind: "sum" } }),
    );
    const meter = store.provider.getMeter("app");
    const orders = meter.createCounter("orders");
    const wrong = [-1, NaN, Infinity, "5", undefined, {}] as number[];
    for (const value of [3, ...wrong]) orders.add(value, { id: 1 });
    const secret = {
      get id(): number {
        throw new Error("no");
      },
    };
    orders.add(1, secret);
    for (const value of [-1.5, ...wrong.slice(1)]) meter.createUpDownCounter("open").add(value);
    for (const value of [-1.5, ...wrong.slice(1)]) meter.createGauge("heat").record(value);
    const collected = collect();
    assert.deepEqual(
      numbersOf(collected, "orders").map(({ value }) => value),
      [3],
    );
    assert.equal(histogramsOf(collected, "sizes")[0]?.value.count, 1);
    const [open] = histogramsOf(collected, "open");
    assert.deepEqual(open?.value.buckets.counts, [1, 0, 0]);
    assert.equal(open?.value.sum, undefined);
    assert.equal(numbersOf(collected, "heat")[0]?.value, -1.5);
    assert.ok(lines.some((line) => /"orders": ignored number -1/.test(line)));
  });

  it("get what is recorded by the functions of telltale, bound or not", () => {
    const { store, collect } = fixtureOf(
      viewOf("level", { name: "level.now" }),
      viewOf("level", { name: "level.sizes", aggregation: histogram }),
      viewOf("wait", { name: "wait.a" }),
      viewOf("wait", { name: "wait.b", attributes: { included: ["queue"], excluded: [] } }),
      viewOf("sold", { name: "sold.a" }),
      viewOf("sold", { name: "sold.b" }),
    );
    const meter = store.provider.getMeter("telltale");
    const diagnostics = new Diagnostics("none", () => {});
    const instruments = createAppInstruments({ meter, diagnostics });
    const level = instruments.create("gauge", "level", { help: "", labels: ["a"] });
    level.record(2, { a: "x" });
    level.add(3, { a: "x" });
    level.bind({ a: "x" }).add(1);
    const wait = instruments.create("summary", "wait", { help: "", labels: ["queue", "b"] });
    wait.record(1, { queue: "q", b: "1" });
    wait.bind({ queue: "q", b: "2" }).record(1);
    const sold = instruments.create("counter", "sold", { help: "" });
    sold.bind({}).add(1);
    sold.add(2, {});
    const collected = collect();
    assert.equal(numbersOf(collected, "level.now")[0]?.value, 6);
    assert.equal(histogramsOf(collected, "level.sizes")[0]?.value.count, 3);
    assert.equal(metricOf(collected, "wait.a").dataPoints.length, 2);
    assert.equal(metricOf(collected, "wait.b").dataPoints.length, 1);
    assert.equal(numbersOf(collected, "sold.a")[0]?.value, 3);
    assert.equal(numbersOf(collected, "sold.b")[0]?.value, 3);
  });

  it("are made once for an instrument that is created again, with its callbacks", () => {
    const { store, collect, lines } = fixtureOf(
      viewOf("queue", { name: "a" }),
      viewOf("queue", { name: "b" }),
    );
    const meter = store.provider.getMeter("app");
    let calls = 0;
    const callback = (result: { observe(value: number): void }): void => {
      calls += 1;
      result.observe(calls);
    };
    for (const name of ["queue", "queue"]) meter.createObservableGauge(name).addCallback(callback);
    const collected = collect();
    assert.equal(calls, 1);
    assert.deepEqual(metricNamesOf(collected), ["a", "b"]);
    assert.equal(numbersOf(collected, "b")[0]?.value, 1);
    assert.deepEqual(lines, []);
  });

  it("stay as they are if they have series when an extension adds views", () => {
    const { store, collect } = fixtureOf(viewOf("orders", { name: "a" }));
    const meter = store.provider.getMeter("app");
    const orders = meter.createCounter("orders");
    const parcels = meter.createCounter("parcels");
    orders.add(1);
    store.addViews([viewOf("orders", { name: "b" }), viewOf("parcels", { name: "c" })]);
    orders.add(1);
    parcels.add(1);
    meter.createCounter("parcels").add(1);
    const collected = collect();
    assert.deepEqual(metricNamesOf(collected).toSorted(), ["a", "c"]);
    assert.equal(numbersOf(collected, "a")[0]?.value, 2);
    assert.equal(numbersOf(collected, "c")[0]?.value, 2);
  });
});
