import assert from "node:assert/strict";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { type PreloadApi, publishApi } from "../../src/api.ts";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import { counter, gauge, histogram, summary } from "../../src/index.ts";
import { createAppInstruments } from "../../src/metrics/app-instruments.ts";
import { SECONDS_BOUNDARIES } from "../../src/metrics/boundaries.ts";
import { OWN_SCOPE } from "../../src/metrics/meter.ts";
import type { SummaryPoint } from "../../src/export/summary-data.ts";
import {
  createMetricsFixture,
  histogramsOf,
  metricOf,
  metricNamesOf,
  numbersOf,
} from "./metrics-fixture.ts";

/** Publishes a preload that has the metric functions only. */
function startPreload(): {
  readonly lines: string[];
  readonly collect: () => ResourceMetrics;
} {
  const { store, lines, collect } = createMetricsFixture();
  const meter = store.provider.getMeter(OWN_SCOPE, "1");
  meter.createHistogram("http.server.request.duration", { unit: "s" });
  const diagnostics = new Diagnostics("info", (text) => lines.push(text));
  const instruments = createAppInstruments({ meter, diagnostics });
  publishApi({ instruments: () => instruments } as unknown as PreloadApi);
  return { lines, collect };
}

function valuesOf(collected: ResourceMetrics, name: string): unknown[] {
  return numbersOf(collected, name).map(({ attributes, value }) => [attributes, value]);
}

describe("Metrics of the app", () => {
  afterEach(() => {
    delete (globalThis as Record<symbol, unknown>)[Symbol.for("telltale")];
  });

  it("count by labels, and in bound series", () => {
    const { collect, lines } = startPreload();
    const orders = counter("shop.orders", { help: "Orders.", unit: "{order}", labels: ["kind"] });
    orders.add(1, { kind: "book" });
    orders.add(2, { kind: "film" });
    orders.bind({ kind: "book" }).add(4);
    assert.deepEqual(valuesOf(collect(), "shop.orders"), [
      [{ kind: "book" }, 5],
      [{ kind: "film" }, 2],
    ]);
    const { descriptor } = metricOf(collect(), "shop.orders");
    assert.deepEqual([descriptor.description, descriptor.unit], ["Orders.", "{order}"]);
    assert.deepEqual(lines, []);
  });

  it("show a counter without labels from its creation on", () => {
    const { collect } = startPreload();
    counter("shop.refunds");
    assert.deepEqual(valuesOf(collect(), "shop.refunds"), [[{}, 0]]);
  });

  it("set gauges and add to them", () => {
    const { collect } = startPreload();
    const baskets = gauge("shop.baskets", { labels: ["country"] });
    baskets.record(5, { country: "de" });
    baskets.add(-2, { country: "de" });
    const bound = baskets.bind({ country: "fr" });
    bound.add(7);
    bound.record(3);
    assert.deepEqual(valuesOf(collect(), "shop.baskets"), [
      [{ country: "de" }, 3],
      [{ country: "fr" }, 3],
    ]);
  });

  it("time in seconds, with labels of the start and of the end", () => {
    const { collect } = startPreload();
    const checkout = histogram("shop.checkout", { unit: "s", labels: ["step", "result"] });
    const seconds = checkout.startTimer({ step: "payment" })({ result: "paid" });
    const bound = checkout.bind({ step: "payment", result: "paid" }).startTimer()();
    const [point] = histogramsOf(collect(), "shop.checkout");
    assert.deepEqual(point?.attributes, { step: "payment", result: "paid" });
    assert.deepEqual([point.value.count, point.value.sum], [2, seconds + bound]);
    assert.deepEqual(point.value.buckets.boundaries, SECONDS_BOUNDARIES);
  });

  it("have the buckets that were asked for", () => {
    const { collect } = startPreload();
    histogram("shop.parcel", { unit: "g", buckets: [100, 1000] }).record(500);
    const [point] = histogramsOf(collect(), "shop.parcel");
    assert.deepEqual(point?.value.buckets, { boundaries: [100, 1000], counts: [0, 1, 0] });
  });

  it("have quantiles with a relative error of 1%", () => {
    const { collect } = startPreload();
    const parcels = summary("shop.parcels", { labels: ["kind"], quantiles: [0.99, 0.5] });
    for (let weight = 1; weight <= 1000; weight += 1) parcels.record(weight, { kind: "box" });
    const points = metricOf(collect(), "shop.parcels").dataPoints as unknown as SummaryPoint[];
    const { count, sum, quantiles } = points[0]!.value;
    assert.deepEqual([count, sum], [1000, 500_500]);
    assert.deepEqual(
      quantiles.map(({ quantile }) => quantile),
      [0.5, 0.99],
    );
    for (const { quantile, value } of quantiles)
      assert.ok(Math.abs(value - quantile * 1000) <= quantile * 10 + 1, `${quantile}: ${value}`);
  });

  it("record nothing without a preload, and all that follows its start", () => {
    const orders = counter("shop.orders");
    const bound = orders.bind();
    orders.add(1);
    bound.add(1);
    const { collect } = startPreload();
    orders.add(2);
    bound.add(4);
    assert.deepEqual(valuesOf(collect(), "shop.orders"), [[{}, 6]]);
  });

  it("have the labels that were declared, for the compiler too", () => {
    startPreload();
    const orders = counter("shop.orders", { labels: ["kind"] });
    // @ts-expect-error: another label
    orders.add(1, { colour: "red" });
    // @ts-expect-error: a label more
    orders.add(1, { kind: "book", colour: "red" });
    // @ts-expect-error: no label
    orders.add(1);
    // @ts-expect-error: an object as a value
    orders.bind({ kind: {} });
    // @ts-expect-error: a label of a metric without labels
    gauge("shop.baskets").record(1, { kind: "book" });
    // @ts-expect-error: another label at the end of a timer
    histogram("shop.wait", { labels: ["step"] }).startTimer({ step: "a" })({ kind: "b" });
    orders.add(1, { kind: undefined });
  });
});

/** What an app may do wrong, the one line about it, and what is collected of its metric. */
const badInput: readonly (readonly [
  what: string,
  run: () => void,
  line: string,
  values: readonly unknown[] | undefined,
])[] = [
  [
    "an illegal name",
    () => counter("1 order").add(1),
    'metric "string 1 order": counter() received an invalid name, expected a letter, then up to 254 letters, digits, and _ . - /; it records nothing',
    undefined,
  ],
  [
    "a name that is no text",
    () => gauge(5 as never).record(1),
    'metric "number 5": gauge() received an invalid name, expected a letter, then up to 254 letters, digits, and _ . - /; it records nothing',
    undefined,
  ],
  [
    "a name of another kind",
    () => {
      counter("m").add(1);
      gauge("m").record(5);
    },
    'metric "m": already created as counter of floats, unit "", now requested as gauge of floats, unit ""; the first is kept, the second records nothing',
    [[{}, 1]],
  ],
  [
    "a name of another unit",
    () => {
      counter("m").add(1);
      counter("m", { unit: "By" }).add(5);
    },
    'metric "m": already created as counter of floats, unit "", now requested as counter of floats, unit "By"; the first is kept, the second records nothing',
    [[{}, 1]],
  ],
  [
    "a name of telltale's",
    () => histogram("http.server.request.duration", { unit: "s" }).record(1),
    'metric "http.server.request.duration": is a metric of telltale itself; the one of the app records nothing, rename it',
    undefined,
  ],
  [
    "other labels for the same metric",
    () => {
      counter("m", { labels: ["a"] }).add(1, { a: 1 });
      counter("m", { labels: ["b"] });
    },
    'metric "m": already created with the labels a, which are kept',
    [[{ a: 1 }, 1]],
  ],
  [
    "labels that are no list",
    () => counter("m", { labels: "kind" as never }).add(1),
    'metric "m": labels must be a list of different names, received string kind; it has none',
    [[{}, 1]],
  ],
  [
    "a label twice",
    () => counter("m", { labels: ["a", "a"] as never }).add(1),
    'metric "m": labels must be a list of different names, received object a,a; it has none',
    [[{}, 1]],
  ],
  [
    "a label that was not declared",
    () => counter("m", { labels: ["a"] }).add(1, { a: 1, b: 2 } as never),
    'metric "m": recorded with the labels a, b, expected the labels a; other labels are left out, absent ones are empty',
    [[{ a: 1 }, 1]],
  ],
  [
    "labels of a metric without labels",
    () => counter("m").add(1, ...([{ a: 1 }] as unknown as [])),
    'metric "m": recorded with the labels a, expected no labels; other labels are left out, absent ones are empty',
    [[{}, 1]],
  ],
  [
    "an absent label",
    () => counter("m", { labels: ["a", "b"] }).add(1, { a: 1 } as never),
    'metric "m": recorded with the labels a, expected the labels a, b; other labels are left out, absent ones are empty',
    [[{ a: 1 }, 1]],
  ],
  [
    "NaN",
    () => {
      const counts = counter("m");
      for (const value of [NaN, NaN, 2]) counts.add(value);
    },
    'metric "m": ignored number NaN: a counter takes finite numbers from 0 up',
    [[{}, 2]],
  ],
  [
    "a negative increment",
    () => counter("m").bind().add(-1),
    'metric "m": ignored number -1: a counter takes finite numbers from 0 up',
    [[{}, 0]],
  ],
  [
    "a negative value of a summary",
    () => summary("m").record(-1),
    'metric "m": ignored number -1: a summary takes finite numbers from 0 up',
    undefined,
  ],
  [
    "an addition of NaN to a gauge",
    () => {
      const baskets = gauge("m");
      baskets.record(3);
      baskets.add(NaN);
    },
    'metric "m": ignored number NaN: only finite numbers can be added to a gauge',
    [[{}, 3]],
  ],
  [
    "unsorted buckets",
    () => histogram("m", { buckets: [1, 3, 2] }),
    'metric "m": invalid bucket boundaries [1, 3, 2] (expected finite, increasing numbers); using the defaults',
    undefined,
  ],
  [
    "duplicate buckets",
    () => histogram("m", { buckets: [1, 1] }),
    'metric "m": invalid bucket boundaries [1, 1] (expected finite, increasing numbers); using the defaults',
    undefined,
  ],
  [
    "quantiles above 1",
    () => summary("m", { quantiles: [50] }),
    'metric "m": invalid quantiles object 50 (expected numbers from 0 to 1); using 0.5, 0.9, 0.95, 0.99',
    undefined,
  ],
  [
    "a window of no time",
    () => summary("m", { maxAgeSeconds: 0 }),
    'metric "m": invalid maxAgeSeconds number 0 (expected a number above 0); using 600',
    undefined,
  ],
  [
    "a unit that is none",
    () => counter("m", { unit: 5 as never }).add(1),
    'metric "m": invalid unit (expected a string of at most 63 characters); using no unit',
    [[{}, 1]],
  ],
];

describe("Bad input of a metric of the app", () => {
  afterEach(() => {
    delete (globalThis as Record<symbol, unknown>)[Symbol.for("telltale")];
  });

  for (const [what, run, line, values] of badInput) {
    it(`is one line: ${what}`, () => {
      const { lines, collect } = startPreload();
      run();
      const collected = collect();
      assert.deepEqual(lines, [`telltale: ${line}\n`]);
      if (values === undefined) assert.deepEqual(metricNamesOf(collected), []);
      else assert.deepEqual(valuesOf(collected, "m"), values);
    });
  }

  it("never throws", () => {
    startPreload();
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const create of [counter, gauge, histogram, summary]) {
      for (const bad of [undefined, null, Symbol("m"), {}, 5n, proxy])
        create(bad as never, bad as never).bind(...([bad] as unknown as []));
    }
    const throwing = Object.defineProperty({}, "a", {
      enumerable: true,
      get: () => assert.fail("read"),
    });
    const orders = counter("m", { labels: ["a"] });
    orders.add(1, throwing as never);
    orders.add(1, proxy as never);
  });
});
