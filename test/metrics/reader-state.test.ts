import assert from "node:assert/strict";
import { hrTimeOf } from "../../src/clock.ts";
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { ValueType } from "@opentelemetry/api";
import type { MetricsConfig } from "../../src/config/config.ts";
import { DOUBLE, INT } from "../../src/metrics/descriptor.ts";
import {
  CUMULATIVE,
  DELTA,
  GAUGE,
  HISTOGRAM,
  SUM,
  MetricReaderState,
} from "../../src/metrics/reader-state.ts";
import {
  createMetricsFixture,
  type MetricsFixture,
  histogramsOf,
  metricOf,
  metricNamesOf,
  numbersOf,
} from "./metrics-fixture.ts";

type Temporality = MetricsConfig["temporality"];

/** The kinds with delta temporality. */
const preferences: readonly (readonly [Temporality, Readonly<Record<string, boolean>>])[] = [
  ["cumulative", { counter: false, histogram: false, observed: false, updown: false }],
  ["delta", { counter: true, histogram: true, observed: true, updown: false }],
  ["lowmemory", { counter: true, histogram: true, observed: false, updown: false }],
];

describe("Copies of OpenTelemetry's constants", () => {
  it("are equal to OpenTelemetry's", () => {
    assert.deepEqual(
      [HISTOGRAM, GAUGE, SUM],
      [DataPointType.HISTOGRAM, DataPointType.GAUGE, DataPointType.SUM],
    );
    assert.deepEqual(
      [DELTA, CUMULATIVE],
      [AggregationTemporality.DELTA, AggregationTemporality.CUMULATIVE],
    );
    assert.deepEqual([INT, DOUBLE], [ValueType.INT, ValueType.DOUBLE]);
  });

  it("convert a time to seconds and nanoseconds", () => {
    assert.deepEqual(hrTimeOf(1_700_000_000_250), [1_700_000_000, 250_000_000]);
  });
});

describe("A reader state", () => {
  for (const [temporality, deltas] of preferences) {
    it(`${temporality}: reports totals or differences, with their start time`, () => {
      const { store, collect, add } = fill();
      const readerState = new MetricReaderState(temporality, store.startedAt);
      collect(readerState);
      add();
      const collected = collect(readerState);
      for (const [name, isDelta] of Object.entries(deltas)) {
        const metric = metricOf(collected, name);
        assert.equal(metric.aggregationTemporality, isDelta ? DELTA : CUMULATIVE, name);
        const expected = isDelta ? 3 : 6;
        const value =
          name === "histogram"
            ? histogramsOf(collected, name)[0]?.value.sum
            : numbersOf(collected, name)[0]?.value;
        assert.equal(value, expected, name);
        const [start, end] = [metric.dataPoints[0]!.startTime, metric.dataPoints[0]!.endTime];
        assert.ok(
          end[0] * 1e9 + end[1] >= start[0] * 1e9 + start[1],
          `${name}: ends after it starts`,
        );
        if (!isDelta) assert.deepEqual(start, hrTimeOf(store.startedAt), name);
      }
    });
  }

  it("delta: leaves out unchanged series", () => {
    const { store, collect } = fill();
    const readerState = new MetricReaderState("delta", store.startedAt);
    collect(readerState);
    assert.deepEqual(metricNamesOf(collect(readerState)), ["updown", "gauge"]);
  });

  it("delta: starts at the end of the previous interval", () => {
    const { store, collect, add } = fill();
    const readerState = new MetricReaderState("delta", store.startedAt);
    const first = metricOf(collect(readerState), "counter").dataPoints[0]!;
    add();
    const second = metricOf(collect(readerState), "counter").dataPoints[0]!;
    assert.deepEqual(second.startTime, first.endTime);
  });

  it("delta: treats a decreased total as a reset", () => {
    const { store, collect } = createMetricsFixture();
    let total = 10;
    store.provider
      .getMeter("app")
      .createObservableCounter("c")
      .addCallback((result) => result.observe(total));
    const readerState = new MetricReaderState("delta", store.startedAt);
    collect(readerState);
    total = 4;
    assert.equal(numbersOf(collect(readerState), "c")[0]?.value, 4);
  });

  it("delta: reports the extremes of the interval", () => {
    const { store, collect } = createMetricsFixture();
    const histogram = store.provider.getMeter("app").createHistogram("h");
    const readerState = new MetricReaderState("delta", store.startedAt);
    histogram.record(100);
    collect(readerState);
    histogram.record(5);
    const { min, max } = histogramsOf(collect(readerState), "h")[0]!.value;
    assert.deepEqual([min, max], [5, 5]);
  });

  it("delta: keeps the extremes of another reader", () => {
    const { store, collect } = createMetricsFixture();
    const histogram = store.provider.getMeter("app").createHistogram("h");
    const readerState = new MetricReaderState("delta", store.startedAt);
    const extremesOf = (of?: MetricReaderState): unknown[] => {
      const value = histogramsOf(collect(of), "h")[0]?.value;
      return [value?.min, value?.max];
    };
    histogram.record(100);
    assert.deepEqual(
      [extremesOf(readerState), extremesOf()],
      [
        [100, 100],
        [100, 100],
      ],
    );
    collect(readerState);
    assert.deepEqual(extremesOf(), [100, 100]);
    histogram.record(5);
    assert.deepEqual(
      [extremesOf(), extremesOf(readerState)],
      [
        [5, 100],
        [5, 5],
      ],
    );
    assert.deepEqual(extremesOf(), [5, 100]);
  });

  it("is independent of others", () => {
    const { store, collect } = fill();
    const deltas = new MetricReaderState("delta", store.startedAt);
    collect(deltas);
    collect(deltas);
    assert.equal(numbersOf(collect(), "counter")[0]?.value, 3);
    assert.equal(histogramsOf(collect(), "histogram")[0]?.value.count, 1);
  });

  it("returns copies that later recordings don't change", () => {
    const { collect, add } = fill();
    const collected = collect();
    add();
    assert.equal(histogramsOf(collected, "histogram")[0]?.value.count, 1);
    assert.deepEqual(
      histogramsOf(collected, "histogram")[0]?.value.buckets.counts.filter((count) => count > 0),
      [1],
    );
  });

  it("adds its labels to every point", () => {
    const { store, collect } = fill();
    const collected = collect(
      new MetricReaderState("cumulative", store.startedAt, { labels: { "thread.id": 4 } }),
    );
    for (const metric of collected.scopeMetrics[0]!.metrics) {
      assert.equal(metric.dataPoints[0]?.attributes["thread.id"], 4);
    }
  });

  it("leaves out bound series without a value, except counters", () => {
    const { store, collect } = createMetricsFixture();
    const meter = store.provider.getMeter("app");
    meter.createCounter("c").bind({ a: 1 });
    meter.createGauge("g").bind({ a: 1 });
    meter.createHistogram("h").bind({ a: 1 });
    assert.deepEqual(metricNamesOf(collect()), ["c"]);
  });
});

describe("The metrics of the store", () => {
  it("are exported by the SDK's periodic reader and exporter", async () => {
    const { store } = fill();
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
    reader.setMetricProducer(store.producer(new MetricReaderState("cumulative", store.startedAt)));
    await reader.forceFlush();
    const [exported] = exporter.getMetrics();
    await reader.shutdown();
    assert.deepEqual(metricNamesOf(exported!), [
      "counter",
      "updown",
      "histogram",
      "gauge",
      "observed",
    ]);
  });

  it("are accepted by the SDK's serializers", () => {
    const { collect } = fill();
    const json = JSON.parse(
      Buffer.from(JsonMetricsSerializer.serializeRequest(collect())!).toString(),
    ) as { resourceMetrics: { scopeMetrics: { metrics: { name: string }[] }[] }[] };
    const [metric] = json.resourceMetrics[0]!.scopeMetrics[0]!.metrics;
    assert.deepEqual(Object.keys(metric!).toSorted(), ["description", "name", "sum", "unit"]);
    assert.ok(ProtobufMetricsSerializer.serializeRequest(collect())!.length > 100);
  });
});

interface Filled extends MetricsFixture {
  /** Records into every instrument. */
  readonly add: () => void;
}

function fill(): Filled {
  const fixture = createMetricsFixture();
  const meter = fixture.store.provider.getMeter("app");
  let observed = 0;
  const add = (): void => {
    meter.createCounter("counter").add(3);
    meter.createUpDownCounter("updown").add(3);
    meter.createHistogram("histogram").record(3);
    meter.createGauge("gauge").record(3);
    observed += 3;
  };
  add();
  meter.createObservableCounter("observed").addCallback((result) => result.observe(observed));
  return { ...fixture, add };
}
