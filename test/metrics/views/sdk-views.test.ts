import assert from "node:assert/strict";
import type { Attributes, Meter } from "@opentelemetry/api";
import {
  AggregationTemporality,
  AggregationType,
  createAllowListAttributesProcessor,
  createDenyListAttributesProcessor,
  InstrumentType,
  MeterProvider,
  MetricReader,
  type ResourceMetrics,
  type ViewOptions,
} from "@opentelemetry/sdk-metrics";
import { ExtensionReport } from "../../../src/extension/report.ts";
import { readViews } from "../../../src/extension/views.ts";
import { type ExponentialSlot, TOTALS } from "../../../src/metrics/exponential-slots.ts";
import { MetricReaderState } from "../../../src/metrics/reader-state.ts";
import { Random } from "../../random.ts";
import { createMetricsFixture } from "../metrics-fixture.ts";

const { DROP, SUM, LAST_VALUE, EXPLICIT_BUCKET_HISTOGRAM, EXPONENTIAL_HISTOGRAM } = AggregationType;

type Aggregation = NonNullable<ViewOptions["aggregation"]>;

const explicit = (recordMinMax = true): Aggregation => ({
  type: EXPLICIT_BUCKET_HISTOGRAM,
  options: { boundaries: [1, 5, 20], recordMinMax },
});
const exponential = (maxSize = 160, recordMinMax = true): Aggregation => ({
  type: EXPONENTIAL_HISTOGRAM,
  options: { maxSize, recordMinMax },
});
const only = (...names: string[]): Pick<ViewOptions, "attributesProcessors"> => ({
  attributesProcessors: [createAllowListAttributesProcessor(names)],
});
const without = (...names: string[]): Pick<ViewOptions, "attributesProcessors"> => ({
  attributesProcessors: [createDenyListAttributesProcessor(names)],
});

/** Views, whose metrics must be those of the SDK. */
const rows: readonly (readonly [what: string, views: readonly ViewOptions[]])[] = [
  ["none", []],
  ["one that selects nothing", [{ instrumentName: "other", name: "renamed" }]],
  ["a name and a description", [{ instrumentName: "orders", name: "sold", description: "new" }]],
  [
    "several of one instrument",
    [
      { instrumentName: "orders" },
      { instrumentName: "orders", name: "orders.by_kind", ...only("kind") },
      { instrumentName: "orders", name: "orders.total", ...only() },
      { instrumentName: "orders", name: "orders.sizes", aggregation: explicit() },
    ],
  ],
  [
    "several of a histogram",
    [
      { instrumentName: "latency", name: "a", aggregation: explicit() },
      { instrumentName: "latency", name: "b", aggregation: exponential() },
      { instrumentName: "latency", name: "c", aggregation: { type: SUM } },
      { instrumentName: "latency", name: "d", aggregation: { type: LAST_VALUE } },
      { instrumentName: "latency", name: "e", aggregation: { type: DROP } },
    ],
  ],
  [
    "several of a gauge",
    [
      { instrumentName: "temperature", name: "a", aggregation: explicit() },
      { instrumentName: "temperature", name: "b", aggregation: exponential() },
      { instrumentName: "temperature", name: "c", aggregation: { type: SUM } },
      { instrumentName: "temperature", name: "d", ...without("id") },
    ],
  ],
  [
    "several of an up-down counter",
    [
      { instrumentName: "open", name: "a", aggregation: explicit(false) },
      { instrumentName: "open", name: "b", aggregation: exponential(4) },
      { instrumentName: "open", name: "c", aggregation: { type: LAST_VALUE } },
      { instrumentName: "open", name: "d", aggregation: { type: SUM } },
    ],
  ],
  [
    "several of asynchronous instruments",
    [
      { instrumentName: "observed.counter", name: "a" },
      { instrumentName: "observed.counter", name: "b", aggregation: { type: LAST_VALUE } },
      { instrumentName: "observed.gauge", name: "c", ...without("id") },
      { instrumentName: "observed.gauge", name: "d", aggregation: { type: SUM } },
      { instrumentName: "observed.open", name: "e", description: "other" },
      { instrumentName: "observed.open", name: "f", aggregation: { type: DROP } },
    ],
  ],
  ["a small exponential histogram", [{ instrumentName: "latency", aggregation: exponential(3) }]],
  [
    "an exponential histogram without extremes",
    [{ instrumentName: "latency", aggregation: exponential(20, false) }],
  ],
  [
    "explicit buckets without extremes",
    [{ instrumentName: "latency", aggregation: explicit(false) }],
  ],
  [
    "explicit buckets of another kind",
    [{ instrumentType: InstrumentType.COUNTER, aggregation: explicit() }],
  ],
  ["all dropped", [{ instrumentName: "*", aggregation: { type: DROP } }]],
  [
    "a limit of series each",
    [
      { instrumentName: "orders", aggregationCardinalityLimit: 3 },
      { instrumentName: "orders", name: "few", aggregationCardinalityLimit: 2, ...only("id") },
      { instrumentName: "orders", name: "enough", aggregationCardinalityLimit: 50 },
    ],
  ],
  [
    "selectors of units and meters",
    [
      { instrumentUnit: "ms", aggregation: { type: LAST_VALUE } },
      { meterName: "shop", instrumentName: "orders", name: "of.shop" },
      { meterName: "other", instrumentName: "orders", name: "of.other" },
    ],
  ],
  [
    "one name for two instruments of a kind",
    [
      { instrumentName: "orders", name: "sums" },
      { instrumentName: "parcels", name: "sums" },
    ],
  ],
];

class SdkReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

type Temporality = "cumulative" | "delta";

/** Records the same random values again for the same seed. */
function instrumentsOf(meter: Meter): { record(seed: number): void } {
  const orders = meter.createCounter("orders", { description: "old", unit: "{order}" });
  const parcels = meter.createCounter("parcels", { unit: "{order}" });
  const latency = meter.createHistogram("latency", { unit: "ms" });
  const temperature = meter.createGauge("temperature");
  const open = meter.createUpDownCounter("open");
  let random = new Random(1);
  const observe = (name: string, negative: boolean): void => {
    const kind = name === "counter" ? "Counter" : name === "gauge" ? "Gauge" : "UpDownCounter";
    const observable = meter[`createObservable${kind}`](`observed.${name}`);
    let total = 0;
    observable.addCallback((result) => {
      for (const id of [1, 2]) {
        total += 1 + Math.floor(10 * random.next());
        result.observe(negative ? 5 - total : total, { kind: "k", id });
      }
    });
  };
  observe("counter", false);
  observe("gauge", true);
  observe("open", true);
  return {
    record(seed) {
      random = new Random(seed);
      for (let count = 0; count < 60; count += 1) {
        const attributes: Attributes = { kind: count % 2 === 0 ? "book" : "pen", id: count % 5 };
        const value = Math.floor(64 * random.next()) / 2;
        orders.add(value, attributes);
        parcels.add(1, attributes);
        latency.record(value, attributes);
        temperature.record(value - 16, attributes);
        open.add(value - 16, attributes);
      }
    },
  };
}

async function metricsOfSdk(views: readonly ViewOptions[], temporality: Temporality) {
  const isDelta = temporality === "delta";
  const reader = new SdkReader({
    aggregationTemporalitySelector: (type) =>
      isDelta && !type.endsWith("UP_DOWN_COUNTER")
        ? AggregationTemporality.DELTA
        : AggregationTemporality.CUMULATIVE,
  });
  const provider = new MeterProvider({ views: [...views], readers: [reader] });
  const instruments = instrumentsOf(provider.getMeter("shop"));
  const results: unknown[] = [];
  for (const seed of [7, 8]) {
    instruments.record(seed);
    results.push(comparable((await reader.collect()).resourceMetrics));
  }
  return results;
}

function metricsOfTelltale(
  views: readonly ViewOptions[],
  temporality: Temporality,
  isLate: boolean,
): unknown[] {
  const slot: ExponentialSlot = temporality === "delta" ? { isTotal: false } : TOTALS;
  const { store, collect, lines } = createMetricsFixture("always_off", undefined, {
    exponential: [slot],
  });
  const report = new ExtensionReport("telltale.config.js", (_key, line) => lines.push(line));
  const declared = readViews(views, report);
  if (!isLate) store.addViews(declared);
  const instruments = instrumentsOf(store.provider.getMeter("shop"));
  if (isLate) store.addViews(declared);
  const state = new MetricReaderState(temporality, store.startedAt, { exponential: slot });
  const results: unknown[] = [];
  for (const seed of [7, 8]) {
    instruments.record(seed);
    results.push(comparable(collect(state)));
  }
  assert.deepEqual(
    lines.filter((line) => !line.includes("its limit")),
    [],
  );
  return results;
}

/** Leaves out what is undefined. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

/** Returns all points without times, in a fixed order. */
function comparable({ scopeMetrics }: ResourceMetrics): unknown {
  const text = (value: object): string => JSON.stringify(value, Object.keys(value).toSorted());
  return scopeMetrics.flatMap(({ metrics }) =>
    metrics
      .map(({ descriptor, dataPointType, dataPoints, ...rest }) => ({
        name: descriptor.name,
        description: descriptor.description,
        unit: descriptor.unit,
        dataPointType,
        isMonotonic: "isMonotonic" in rest ? rest.isMonotonic : undefined,
        points: dataPoints
          .map(({ attributes, value }) => [text(attributes), plain(value)])
          .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
      }))
      .filter(({ points }) => points.length > 0)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  );
}

describe("Views make the metrics of the SDK", () => {
  for (const [what, views] of rows) {
    for (const temporality of ["cumulative", "delta"] as const) {
      it(`${what}, ${temporality}`, async () => {
        const expected = await metricsOfSdk(views, temporality);
        assert.deepEqual(metricsOfTelltale(views, temporality, false), expected);
        assert.deepEqual(metricsOfTelltale(views, temporality, true), expected);
      });
    }
  }
});
