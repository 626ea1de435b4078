import assert from "node:assert/strict";
import type { Attributes, MetricOptions } from "@opentelemetry/api";
import { ValueType } from "@opentelemetry/api";
import { DEFAULT_BOUNDARIES } from "../../src/metrics/boundaries.ts";
import {
  createMetricsFixture,
  histogramsOf,
  metricOf,
  metricNamesOf,
  numbersOf,
} from "./metrics-fixture.ts";

type Kind = "createCounter" | "createUpDownCounter" | "createGauge" | "createHistogram";

/** The recorded value for each kind; undefined if it is ignored. */
const values: readonly (readonly [Kind, unknown, number | undefined])[] = [
  ["createCounter", 2, 2],
  ["createCounter", 0, 0],
  ["createCounter", 0.5, 0.5],
  ["createCounter", -1, undefined],
  ["createCounter", NaN, undefined],
  ["createCounter", Infinity, undefined],
  ["createCounter", "2", undefined],
  ["createCounter", 2n, undefined],
  ["createCounter", undefined, undefined],
  ["createCounter", null, undefined],
  ["createCounter", {}, undefined],
  ["createUpDownCounter", -3, -3],
  ["createUpDownCounter", NaN, undefined],
  ["createUpDownCounter", -Infinity, undefined],
  ["createUpDownCounter", "1", undefined],
  ["createGauge", -3.5, -3.5],
  ["createGauge", Infinity, Infinity],
  ["createGauge", NaN, undefined],
  ["createGauge", "1", undefined],
  ["createHistogram", 3, 3],
  ["createHistogram", -3, undefined],
  ["createHistogram", NaN, undefined],
  ["createHistogram", Infinity, undefined],
  ["createHistogram", "3", undefined],
];

describe("Instruments", () => {
  for (const [kind, value, expected] of values) {
    const reported = `${typeof value} ${String(value)}`;
    const what = expected === undefined ? "ignores" : "records";
    it(`${kind}: ${what} ${reported}`, () => {
      const { store, lines, collect } = createMetricsFixture();
      const record = recorderOf(store.provider.getMeter("app"), kind, "m");
      record(value as number, { a: 1 });
      const collected = collect();
      if (expected !== undefined) {
        assert.equal(totalOf(collected, kind), expected);
        assert.deepEqual(lines, []);
      } else {
        assert.ok(metricNamesOf(collected).length === 0 || totalOf(collected, kind) === 0);
        assert.equal(lines.length, 1, "one line");
        assert.match(lines[0]!, /metric "m": ignored/);
      }
    });
  }

  it("truncate fractions of integers", () => {
    const { store, collect } = createMetricsFixture();
    const meter = store.provider.getMeter("app");
    const options = { valueType: ValueType.INT };
    meter.createCounter("c", options).add(2.9);
    meter.createUpDownCounter("u", options).add(-2.9);
    meter.createGauge("g", options).record(2.9);
    meter.createHistogram("h", options).record(2.9);
    assert.equal(numbersOf(collect(), "c")[0]?.value, 2);
    assert.equal(numbersOf(collect(), "u")[0]?.value, -2);
    assert.equal(numbersOf(collect(), "g")[0]?.value, 2);
    assert.equal(histogramsOf(collect(), "h")[0]?.value.sum, 2);
  });

  it("share a series between bound and unbound use", () => {
    const { store, collect } = createMetricsFixture();
    const counter = store.provider.getMeter("app").createCounter("c");
    const bound = counter.bind({ route: "/a", code: 200 });
    bound.add(1);
    counter.add(2, { code: 200, route: "/a" });
    counter.bind({ code: 200, route: "/a" }).add(4);
    assert.deepEqual(
      numbersOf(collect(), "c").map(({ value }) => value),
      [7],
    );
  });

  it("accept attributes that throw, that are no object, and that nest", () => {
    const { store, lines, collect } = createMetricsFixture();
    const counter = store.provider.getMeter("app").createCounter("c");
    const throwing = Object.defineProperty({}, "a", {
      enumerable: true,
      get: () => {
        throw new Error("no");
      },
    });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const attributes of [throwing, proxy, null, 5, "text", ["x"], { a: { b: 1 } }]) {
      counter.add(1, attributes as Attributes);
    }
    assert.ok(numbersOf(collect(), "c").length > 0);
    assert.match(lines.join(""), /its attributes can't be read/);
  });

  it("copy the attributes that the app passed", () => {
    const { store, collect } = createMetricsFixture();
    const attributes = { list: ["x"], route: "/a" };
    store.provider.getMeter("app").createCounter("c").add(1, attributes);
    attributes.list.push("y");
    attributes.route = "/b";
    assert.deepEqual(numbersOf(collect(), "c")[0]?.attributes, { list: ["x"], route: "/a" });
  });

  it("count a value equal to a bucket's limit in that bucket", () => {
    const { store, collect } = createMetricsFixture();
    const advice = { explicitBucketBoundaries: [1, 2, 5] };
    const histogram = store.provider.getMeter("app").createHistogram("h", { advice });
    for (const value of [0, 1, 1.5, 2, 5, 5.1, 100]) histogram.record(value);
    const { value } = histogramsOf(collect(), "h")[0]!;
    assert.deepEqual(value.buckets, { boundaries: [1, 2, 5], counts: [2, 2, 1, 2] });
    assert.deepEqual([value.count, value.sum, value.min, value.max], [7, 114.6, 0, 100]);
  });
});

/** Advice, and the resulting boundaries. */
const advices: readonly (readonly [string, unknown, readonly number[], boolean])[] = [
  ["none", undefined, DEFAULT_BOUNDARIES, false],
  ["an empty one", [], [], false],
  ["increasing numbers", [0.1, 1], [0.1, 1], false],
  ["a last one without limit", [0.1, Infinity], [0.1], false],
  ["decreasing numbers", [1, 0.1], DEFAULT_BOUNDARIES, true],
  ["a number twice", [1, 1], DEFAULT_BOUNDARIES, true],
  ["a NaN", [NaN], DEFAULT_BOUNDARIES, true],
  ["strings", ["1"], DEFAULT_BOUNDARIES, true],
  ["not a list", "0.1,1", DEFAULT_BOUNDARIES, true],
];

describe("Creating an instrument", () => {
  for (const [title, advice, boundaries, isReported] of advices) {
    it(`with boundaries: ${title}`, () => {
      const { store, lines, collect } = createMetricsFixture();
      const options = { advice: { explicitBucketBoundaries: advice } } as MetricOptions;
      store.provider.getMeter("app").createHistogram("h", options).record(1);
      assert.deepEqual(histogramsOf(collect(), "h")[0]?.value.buckets.boundaries, boundaries);
      assert.equal(lines.length, isReported ? 1 : 0);
    });
  }

  for (const [name, valid] of [
    ["http.server.request.duration", true],
    ["A_b-c/d.e1", true],
    ["a".repeat(255), true],
    ["a".repeat(256), false],
    ["1a", false],
    ["_a", false],
    ["", false],
    ["größe", false],
    ["a b", false],
    [undefined, false],
  ] as const) {
    it(`with the name ${String(name).slice(0, 30)}: ${valid ? "is accepted" : "is reported, and it counts"}`, () => {
      const { store, lines, collect } = createMetricsFixture();
      store.provider
        .getMeter("app")
        .createCounter(name as string)
        .add(1);
      assert.equal(numbersOf(collect(), name ?? "undefined undefined")[0]?.value, 1);
      assert.equal(lines.length, valid ? 0 : 1);
    });
  }

  it("twice returns the same instrument, in upper or lower case", () => {
    const { store, lines } = createMetricsFixture();
    const meter = store.provider.getMeter("app", "1");
    const first = meter.createCounter("Jobs", { unit: "{job}", description: "Jobs" });
    assert.equal(meter.createCounter("Jobs", { unit: "{job}", description: "Jobs" }), first);
    assert.deepEqual(lines, []);
    assert.equal(meter.createCounter("jobs", { unit: "{job}" }), first);
    assert.match(lines.join(""), /same instrument as "Jobs"/);
    assert.equal(
      store.provider.getMeter("app", "1").createCounter("Jobs", { unit: "{job}" }),
      first,
    );
    assert.notEqual(
      store.provider.getMeter("app", "2").createCounter("Jobs", { unit: "{job}" }),
      first,
    );
  });

  it("with another description keeps and reports the first", () => {
    const { store, lines, collect } = createMetricsFixture();
    const meter = store.provider.getMeter("app");
    const first = meter.createCounter("c", { description: "one" });
    assert.equal(meter.createCounter("c", { description: "two" }), first);
    first.add(1);
    assert.equal(metricOf(collect(), "c").descriptor.description, "one");
    assert.match(lines.join(""), /another description/);
  });

  for (const [title, kind, options] of [
    ["another kind", "createUpDownCounter", {}],
    ["another unit", "createCounter", { unit: "By" }],
    ["other numbers", "createCounter", { valueType: ValueType.INT }],
  ] as const) {
    it(`with ${title} keeps both, and reports the conflict`, () => {
      const { store, lines, collect } = createMetricsFixture();
      const meter = store.provider.getMeter("app");
      meter.createCounter("c").add(1);
      meter[kind]("c", options).add(2);
      assert.deepEqual(metricNamesOf(collect()), ["c", "c"]);
      assert.match(lines.join(""), /"c": already created as counter of floats/);
    });
  }

  it("without limit uses limited memory", () => {
    const { store, lines, collect } = createMetricsFixture();
    const meter = store.provider.getMeter("app");
    for (let index = 0; index < 6000; index += 1) meter.createCounter(`c${index}`).add(1);
    assert.equal(metricNamesOf(collect()).length, 5000);
    assert.match(lines.join(""), /more than 5000 instruments/);
  });
});

function recorderOf(
  meter: ReturnType<ReturnType<typeof createMetricsFixture>["store"]["provider"]["getMeter"]>,
  kind: Kind,
  name: string,
): (value: number, attributes: Attributes) => void {
  const instrument = meter[kind](name);
  return (value, attributes) =>
    "add" in instrument ? instrument.add(value, attributes) : instrument.record(value, attributes);
}

function totalOf(collected: Parameters<typeof numbersOf>[0], kind: Kind): number | undefined {
  return kind === "createHistogram"
    ? histogramsOf(collected, "m")[0]?.value.sum
    : numbersOf(collected, "m")[0]?.value;
}
