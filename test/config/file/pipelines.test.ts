import assert from "node:assert/strict";
import type { SpanContext } from "@opentelemetry/api";
import { createMetrics, type Metrics } from "../../../src/metrics/metrics.ts";
import { Diagnostics } from "../../../src/diagnostics/diagnostics.ts";
import { createTelemetryCounters } from "../../../src/diagnostics/telemetry-counters.ts";
import { filterRecords } from "../../../src/logs/scope-filter.ts";
import type { LogRecordSource } from "../../../src/logs/log-record.ts";
import { createTraces } from "../../../src/traces/traces.ts";
import { matchesWildcard } from "../../../src/config/file/selection.ts";
import {
  histogramsOf,
  metricOf,
  metricNamesOf,
  numbersOf,
  shopResource,
} from "../../metrics/metrics-fixture.ts";
import { EXPONENTIAL_HISTOGRAM, HISTOGRAM } from "../../../src/metrics/reader-state.ts";
import { parseProtobufPage } from "../../metrics/exposition-protobuf.ts";
import { redactor } from "../../redaction/default-redactor.ts";
import { loadText } from "./file-config.ts";

const PROTOBUF =
  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

const head = 'file_format: "1.1"\n';
const shared = {
  resource: shopResource,
  redactor,
  diagnostics: new Diagnostics("none", () => {}),
};

/** Creates the metrics of a file with these keys of the provider. */
function metricsOf(keys: string): Metrics {
  const reader =
    "{ pull: { exporter: { prometheus/development: { resource_constant_labels: { included: ['service.*'] } } } } }";
  const { config, lines } = loadText(
    `${head}tracer_provider: { processors: [{ simple: { exporter: { console: } } }] }\nmeter_provider:\n  readers:\n    - ${reader}\n${keys}`,
  );
  assert.deepEqual(lines, []);
  return createMetrics({ ...shared, config, counters: createTelemetryCounters() });
}

describe("Views of a configuration file", () => {
  it("change the instruments that they select", () => {
    const metrics = metricsOf(`  views:
    - selector: { instrument_name: orders.*, instrument_type: histogram, unit: s, meter_name: app }
      stream:
        description: changed
        aggregation: { explicit_bucket_histogram: { boundaries: [1, 2] } }
        attribute_keys: { included: [shop.*], excluded: [shop.user] }
    - selector: { instrument_name: carts }
      stream: { name: baskets, aggregation_cardinality_limit: 2 }
    - selector: { instrument_type: gauge }
      stream: { aggregation: { drop: } }
`);
    const meter = metrics.provider.getMeter("app");
    const attributes = { "shop.id": 1, "shop.user": "u", other: true };
    meter.createHistogram("orders.time", { unit: "s" }).record(1.5, attributes);
    meter.createHistogram("orders.size", { unit: "By" }).record(1.5, attributes);
    meter.createGauge("temperature").record(1);
    const carts = meter.createCounter("Carts");
    for (const id of [1, 2, 3]) carts.add(1, { id });
    const collected = metrics.collect();
    const names = metricNamesOf(collected);
    assert.ok(names.includes("baskets") && !names.includes("temperature"), names.join());
    const [time] = histogramsOf(collected, "orders.time");
    assert.deepEqual(time?.value.buckets.boundaries, [1, 2]);
    assert.deepEqual(time?.attributes, { "shop.id": 1 });
    assert.equal(metricOf(collected, "orders.time").descriptor.description, "changed");
    assert.notEqual(histogramsOf(collected, "orders.size")[0]?.value.buckets.boundaries.length, 2);
    assert.deepEqual(
      numbersOf(collected, "baskets").map((point) => point.attributes),
      [{ id: 1 }, { "otel.metric.overflow": true }],
    );
  });

  it("make histograms exponential, on the page too: native in protobuf, by powers of two in text", async () => {
    const metrics = metricsOf(`  views:
    - selector: { instrument_name: orders.* }
      stream: { aggregation: { base2_exponential_bucket_histogram: } }
`);
    const meter = metrics.provider.getMeter("app");
    for (const value of [0, 1.5, 1.5, 3]) meter.createHistogram("orders.time").record(value);
    meter.createHistogram("carts").record(1);
    meter.createCounter("orders.placed").add(1);
    const collected = metrics.collect();
    const types = ["orders.time", "carts", "orders.placed"].map(
      (name) => metricOf(collected, name).dataPointType,
    );
    assert.deepEqual(types, [EXPONENTIAL_HISTOGRAM, HISTOGRAM, EXPONENTIAL_HISTOGRAM]);
    const text = (await metrics.prometheusPage(undefined))!.body.toString();
    assert.match(text, /^orders_time_bucket\{.*le="0\.0"\} 1$/m);
    assert.match(text, /^orders_time_bucket\{.*le="2\.0"\} 3$/m);
    const { body } = (await metrics.prometheusPage(PROTOBUF))!;
    const native = parseProtobufPage(body).flatMap(({ name, metric }) =>
      metric.flatMap(({ histogram }) => (histogram?.schema === undefined ? [] : [name])),
    );
    assert.deepEqual(native, ["orders_placed", "orders_time"]);
  });

  it("make a metric each, with all aggregations, on the page too", async () => {
    const metrics = metricsOf(`  views:
    - selector: { instrument_name: orders }
      stream: { attribute_keys: { included: [kind] } }
    - selector: { instrument_name: orders }
      stream: { name: orders.latest, aggregation: { last_value: } }
    - selector: { instrument_name: orders }
      stream:
        name: orders.sizes
        aggregation: { explicit_bucket_histogram: { boundaries: [2], record_min_max: false } }
    - selector: { instrument_name: orders }
      stream:
        name: orders.scaled
        aggregation: { base2_exponential_bucket_histogram: { max_scale: 0, max_size: 4 } }
    - selector: { instrument_name: orders }
      stream: { name: orders.never, aggregation: { drop: } }
    - selector: { instrument_name: latency }
      stream: { aggregation: { sum: } }
`);
    const meter = metrics.provider.getMeter("app");
    const orders = meter.createCounter("orders");
    for (const id of [1, 2, 3]) orders.add(id, { kind: "book", id });
    meter.createHistogram("latency").record(2.5);
    const collected = metrics.collect();
    assert.deepEqual(
      numbersOf(collected, "orders").map(({ value }) => value),
      [6],
    );
    assert.deepEqual(
      numbersOf(collected, "orders.latest").map(({ value }) => value),
      [1, 2, 3],
    );
    const [sizes] = histogramsOf(collected, "orders.sizes");
    assert.deepEqual([sizes?.value.min, sizes?.value.buckets.counts], [undefined, [1, 0]]);
    const text = (await metrics.prometheusPage(undefined))!.body.toString();
    assert.match(text, /^orders_total\{kind="book",.*\} 6$/m);
    assert.match(text, /^# TYPE orders_latest gauge$/m);
    assert.match(text, /^orders_sizes_bucket\{.*id="3",.*le="2\.0"\} 0$/m);
    assert.match(text, /^latency_total\{.*\} 2\.5$/m);
    assert.doesNotMatch(text, /orders_never/);
    const { body } = (await metrics.prometheusPage(PROTOBUF))!;
    const schemas = parseProtobufPage(body).flatMap(({ name, metric }) =>
      metric.flatMap(({ histogram }) =>
        histogram?.schema === undefined ? [] : [[name, histogram.schema]],
      ),
    );
    assert.deepEqual(schemas, [
      ["orders_scaled", 0],
      ["orders_scaled", 0],
      ["orders_scaled", 0],
    ]);
  });

  it("limit series by the kind of their instrument", () => {
    const { config } = loadText(
      `${head}meter_provider: { readers: [{ pull: { exporter: { prometheus/development: }, cardinality_limits: { default: 3, counter: 2 } } }] }\n`,
    );
    const metrics = createMetrics({ ...shared, config, counters: createTelemetryCounters() });
    const meter = metrics.provider.getMeter("app");
    const counter = meter.createCounter("a");
    const histogram = meter.createHistogram("b");
    for (const id of [1, 2, 3, 4, 5]) {
      counter.add(1, { id });
      histogram.record(1, { id });
    }
    const collected = metrics.collect();
    assert.equal(numbersOf(collected, "a").length, 2);
    assert.equal(histogramsOf(collected, "b").length, 3);
  });

  it("leave out meters that are disabled", () => {
    const metrics = metricsOf(
      "  meter_configurator/development: { default_config: { enabled: false }, meters: [{ name: app*, config: { enabled: true } }] }\n",
    );
    metrics.provider.getMeter("app.orders").createCounter("kept").add(1);
    metrics.provider.getMeter("library").createCounter("dropped").add(1);
    const names = metricNamesOf(metrics.collect());
    assert.ok(names.includes("kept") && !names.includes("dropped"), names.join());
  });

  it("add resource attributes as labels", async () => {
    const metrics = metricsOf("");
    metrics.provider.getMeter("app").createCounter("orders").add(1);
    const page = (await metrics.prometheusPage(undefined))?.body.toString() ?? "";
    assert.match(page, /^orders_total\{.*service_name="shop".*\} 1$/m);
  });
});

describe("The tracers of a configuration file", () => {
  it("record nothing if they are disabled", () => {
    const { config } = loadText(
      `${head}tracer_provider: { processors: [{ simple: { exporter: { console: } } }], tracer_configurator/development: { tracers: [{ name: "lib-?", config: { enabled: false } }] } }\n`,
    );
    const counters = createTelemetryCounters().spans;
    const { provider } = createTraces({ ...shared, config: config.traces, counters });
    assert.equal(provider.getTracer("lib-1").startSpan("a").isRecording(), false);
    assert.equal(provider.getTracer("lib-10").startSpan("a").isRecording(), true);
  });
});

describe("The loggers of a configuration file", () => {
  const { config } = loadText(
    `${head}logger_provider:
  processors: [{ simple: { exporter: { console: } } }]
  logger_configurator/development:
    default_config: { enabled: false }
    loggers:
      - { name: "shop.*", config: { enabled: true, minimum_severity: info, trace_based: true } }
`,
  );
  const ids = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
  const sampled: SpanContext = { ...ids, traceFlags: 1 };
  const unsampled: SpanContext = { ...ids, traceFlags: 0 };
  const rows: readonly [title: string, record: object, isExported: boolean][] = [
    ["of another name", { name: "library", severityNumber: 17 }, false],
    ["of the name", { name: "shop.orders", severityNumber: 9 }, true],
    ["of a lower severity", { name: "shop.orders", severityNumber: 8 }, false],
    ["without a severity", { name: "shop.orders" }, true],
    ["of a sampled trace", { name: "shop.a", severityNumber: 9, spanContext: sampled }, true],
    ["of another trace", { name: "shop.a", severityNumber: 9, spanContext: unsampled }, false],
  ];
  for (const [title, { name, ...record }, isExported] of rows as readonly [
    string,
    { name: string },
    boolean,
  ][]) {
    it(`${isExported ? "export" : "do not export"} a record ${title}`, () => {
      assert.ok(config.logs.scopes);
      const exported: unknown[] = [];
      const sink = filterRecords(config.logs.scopes, (source) => exported.push(source));
      const whole = { ...record, instrumentationScope: { name } };
      sink({ ...whole, toRecord: () => whole } as unknown as LogRecordSource);
      assert.equal(exported.length, isExported ? 1 : 0);
    });
  }
});

describe("A pattern", () => {
  const rows: readonly [pattern: string, text: string, matches: boolean][] = [
    ["a", "a", true],
    ["a", "A", false],
    ["a", "ab", false],
    ["*", "", true],
    ["*", "anything", true],
    ["?", "", false],
    ["a?c", "abc", true],
    ["a*c", "ac", true],
    ["a*c*e", "abcde", true],
    ["a*c*e", "abcd", false],
    ["*.b", "a.b.b", true],
    ["**", "a", true],
    ["a.c", "abc", false],
    ["", "", true],
    ["", "a", false],
  ];
  for (const [pattern, text, matches] of rows) {
    it(`${JSON.stringify(pattern)} ${matches ? "matches" : "does not match"} ${JSON.stringify(text)}`, () =>
      assert.equal(matchesWildcard(pattern, text), matches));
  }
});
