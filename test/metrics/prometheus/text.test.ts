import assert from "node:assert/strict";
import type { Attributes } from "@opentelemetry/api";
import {
  AggregationType,
  DataPointType,
  MeterProvider,
  MetricReader,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import type { PrometheusConfig } from "../../../src/config/config.ts";
import type { NameConflict } from "../../../src/metrics/prometheus/families.ts";
import type { TextFormat } from "../../../src/metrics/prometheus/negotiation.ts";
import { canonicalNumber } from "../../../src/metrics/prometheus/text.ts";
import { pagePieces, pageText } from "./page-text.ts";
import { type ExpositionPage, parsePage, samplesOf } from "../exposition.ts";
import { createMetricsFixture, type MetricsFixture } from "../metrics-fixture.ts";

const formats: readonly TextFormat[] = ["classic", "openmetrics"];

describe("The text of the Prometheus page", () => {
  it("is format 0.0.4, with units, help and the resource", () => {
    assert.equal(
      textOf(shop().collect()),
      [
        "# HELP target_info Target metadata",
        "# TYPE target_info gauge",
        'target_info{service_name="shop"} 1',
        "# HELP cart_size_bytes Size of the cart",
        "# TYPE cart_size_bytes histogram",
        'cart_size_bytes_bucket{le="10.0"} 2',
        'cart_size_bytes_bucket{le="1e+06"} 3',
        'cart_size_bytes_bucket{le="+Inf"} 3',
        "cart_size_bytes_sum 1000005",
        "cart_size_bytes_count 3",
        '# HELP orders_total Orders, "paid" or\\nnot, by \\\\ kind',
        "# TYPE orders_total counter",
        'orders_total{kind="a\\"b\\\\c\\nd",otel_scope_name="app",otel_scope_version="1.0"} 3',
        "# TYPE queue gauge",
        "queue -2",
        "# TYPE temperature_celsius gauge",
        "temperature_celsius +Inf",
        "",
      ].join("\n"),
    );
  });

  it("is OpenMetrics if requested", () => {
    assert.equal(
      textOf(shop().collect(), "openmetrics"),
      [
        "# HELP target Target metadata",
        "# TYPE target info",
        'target_info{service_name="shop"} 1',
        "# HELP cart_size_bytes Size of the cart",
        "# TYPE cart_size_bytes histogram",
        "# UNIT cart_size_bytes bytes",
        'cart_size_bytes_bucket{le="10.0"} 2',
        'cart_size_bytes_bucket{le="1e+06"} 3',
        'cart_size_bytes_bucket{le="+Inf"} 3',
        "cart_size_bytes_sum 1000005",
        "cart_size_bytes_count 3",
        '# HELP orders Orders, \\"paid\\" or\\nnot, by \\\\ kind',
        "# TYPE orders counter",
        'orders_total{kind="a\\"b\\\\c\\nd",otel_scope_name="app",otel_scope_version="1.0"} 3',
        "# TYPE queue gauge",
        "queue -2",
        "# TYPE temperature_celsius gauge",
        "# UNIT temperature_celsius celsius",
        "temperature_celsius +Inf",
        "# EOF",
        "",
      ].join("\n"),
    );
  });

  for (const [number, text] of [
    [0, "0.0"],
    [1, "1.0"],
    [-2, "-2.0"],
    [0.005, "0.005"],
    [2.5, "2.5"],
    [999_999, "999999.0"],
    [1e6, "1e+06"],
    [2.5e7, "2.5e+07"],
    [1e21, "1e+21"],
    [1e-5, "1e-05"],
    [1.5e-10, "1.5e-10"],
  ] as const) {
    it(`writes a bucket's limit ${number} as ${text}`, () => {
      assert.equal(canonicalNumber(number), text);
      assert.equal(Number(text), number);
    });
  }
});

/** Attributes of a histogram's series, and its labels. */
const labels: readonly (readonly [string, Attributes, Readonly<Record<string, string>>])[] = [
  [
    "numbers, booleans and lists",
    { n: 1, b: true, l: ["x", "y"] },
    { n: "1", b: "true", l: '["x","y"]' },
  ],
  ["keys that become one", { "a.b": "1", a_b: "2", "a-b": "3" }, { a_b: "3;1;2" }],
  ["a key that is the buckets' own", { le: "x" }, { exported_le: "x" }],
  [
    "a scope's label as an attribute",
    { "otel.scope.name": "mine" },
    { otel_scope_name: "app;mine" },
  ],
  [
    "a scope's label as a name of Prometheus",
    { otel_scope_name: "mine" },
    { otel_scope_name: "app;mine" },
  ],
  ["what only looks like a scope's label", { "otel.scope.mine": "x" }, { otel_scope_mine: "x" }],
  ["hostile text", { a: '"} 1\nevil{b="\\' }, { a: '"} 1\nevil{b="\\' }],
  ["an empty value", { a: "" }, {}],
  [
    "maps and bytes",
    { m: { b: 1, a: [null] }, raw: new Uint8Array([1, 2]) },
    { m: '{"a":[null],"b":1}', raw: '"AQI="' },
  ],
];

describe("Labels on the Prometheus page", () => {
  for (const [title, attributes, expected] of labels) {
    for (const format of formats) {
      it(`${format}: ${title}`, () => {
        const { store, collect } = createMetricsFixture();
        store.provider.getMeter("app").createHistogram("h").record(1, attributes);
        const page = parsePage(textOf(collect(), format), format);
        assert.deepEqual(
          { ...samplesOf(page, "h_count")[0]?.labels },
          { otel_scope_name: "app", ...expected },
        );
      });
    }
  }

  it("that are the same for two series result in one sample", () => {
    const { store, collect } = createMetricsFixture();
    const meter = store.provider.getMeter("app");
    const counter = meter.createCounter("c");
    const histogram = meter.createHistogram("h");
    const gauge = meter.createGauge("g");
    for (const attributes of [{ "a.b": "x" }, { a_b: "x" }]) {
      counter.add(2, attributes);
      histogram.record(3, attributes);
      gauge.record(4, attributes);
    }
    const page = parsePage(textOf(collect()));
    assert.deepEqual(
      samplesOf(page, "c_total").map(({ value }) => value),
      [4],
    );
    assert.deepEqual(
      samplesOf(page, "h_sum").map(({ value }) => value),
      [6],
    );
    assert.deepEqual(
      samplesOf(page, "h_count").map(({ value }) => value),
      [2],
    );
    assert.deepEqual(
      samplesOf(page, "g").map(({ value }) => value),
      [4],
    );
  });

  it("distinguish scopes by schema and version", () => {
    const { store, collect } = createMetricsFixture();
    const scopes = [
      ["1", undefined],
      ["2", undefined],
      ["1", "https://example.org/1"],
      ["1", "https://example.org/2"],
    ] as const;
    for (const [at, [version, schemaUrl]] of scopes.entries()) {
      const meter = store.provider.getMeter("app", version, schemaUrl ? { schemaUrl } : undefined);
      meter.createCounter("c").add(at + 1);
      meter.createGauge("g").record(at + 1);
    }
    for (const format of formats) {
      const page = parsePage(textOf(collect(), format), format);
      for (const name of ["c_total", "g"]) {
        assert.deepEqual(
          samplesOf(page, name).map(({ labels: of, value }) => [
            value,
            of["otel_scope_version"],
            of["otel_scope_schema_url"],
          ]),
          scopes.map((scope, at) => [at + 1, ...scope]),
        );
      }
    }
  });

  it("have no UNIT line if the whole name is the unit, which OpenMetrics does not allow", () => {
    const { store, collect } = createMetricsFixture();
    const meter = store.provider.getMeter("telltale");
    meter.createCounter("bytes", { unit: "By" }).add(1);
    meter.createGauge("ratio", { unit: "1" }).record(1);
    meter.createGauge("read.bytes", { unit: "By" }).record(1);
    const text = textOf(collect(), "openmetrics");
    parsePage(text, "openmetrics");
    assert.deepEqual(text.match(/^# UNIT .*$/gm), ["# UNIT read_bytes bytes"]);
    assert.match(text, /^bytes_total 1$/m);
    assert.match(text, /^ratio 1$/m);
  });

  it("distinguish scopes with a metric of the same name", () => {
    const { store, collect } = createMetricsFixture();
    for (const scope of ["telltale", "one", "two"]) {
      store.provider.getMeter(scope).createCounter("c", { unit: "s" }).add(1);
    }
    const page = parsePage(textOf(collect()));
    assert.deepEqual(
      samplesOf(page, "c_seconds_total").map((sample) => sample.labels["otel_scope_name"]),
      [undefined, "one", "two"],
    );
  });
});

/** The form of the page, by its variables: the labels of three metrics and the other samples. */
const forms: readonly (readonly [
  title: string,
  config: Partial<PrometheusConfig>,
  labels: Readonly<Record<string, string>>,
  hasTargetInfo: boolean,
])[] = [
  [
    "by default",
    {},
    { own: "{}", app: '{"otel_scope_name":"app","otel_scope_version":"1"}' },
    true,
  ],
  ["without labels of scopes", { scopeLabels: "none" }, { own: "{}", app: "{}" }, true],
  [
    "with labels of all scopes",
    { scopeLabels: "all" },
    {
      own: '{"otel_scope_name":"telltale","otel_scope_version":"2"}',
      app: '{"otel_scope_name":"app","otel_scope_version":"1"}',
    },
    true,
  ],
  [
    "with labels of the resource, of which one is unknown",
    { scopeLabels: "none", resourceLabels: ["service.name", "host.name"] },
    { own: '{"service_name":"shop"}', app: '{"service_name":"shop"}' },
    true,
  ],
  [
    "without the resource",
    { scopeLabels: "none", targetInfo: false },
    { own: "{}", app: "{}" },
    false,
  ],
];

describe("The Prometheus page", () => {
  for (const [title, config, labelsOf, hasTargetInfo] of forms) {
    for (const format of formats) {
      it(`${format}: ${title}`, () => {
        const { store, collect } = createMetricsFixture();
        store.provider.getMeter("telltale", "2").createCounter("own").add(1);
        store.provider.getMeter("app", "1").createGauge("app").record(1);
        const page = parsePage(pageText(collect(), { format, config }), format);
        const found = Object.fromEntries(
          page.samples.map(({ name, labels: of }) => [
            name.replace("_total", ""),
            JSON.stringify(of),
          ]),
        );
        const { target_info: info, ...rest } = found;
        assert.deepEqual(rest, labelsOf);
        assert.equal(info, hasTargetInfo ? '{"service_name":"shop"}' : undefined);
      });
    }
  }

  it("joins an attribute to a label of the resource with the same name", () => {
    const { store, collect } = createMetricsFixture();
    store.provider.getMeter("telltale").createCounter("c").add(1, { service_name: "other" });
    const text = pageText(collect(), { config: { resourceLabels: ["service.name"] } });
    assert.match(text, /^c_total\{service_name="shop;other"\} 1$/m);
  });

  it("has the start of counters and histograms if asked for, in OpenMetrics", () => {
    const before = Math.floor(Date.now() / 1000);
    const { store, collect } = createMetricsFixture();
    const meter = store.provider.getMeter("telltale");
    meter.createCounter("c").add(1, { a: 1 });
    meter.createHistogram("h").record(1);
    meter.createGauge("g").record(1);
    meter.createUpDownCounter("u").add(1);
    const collected = collect();
    const config = { created: true };
    const page = parsePage(pageText(collected, { format: "openmetrics", config }), "openmetrics");
    const starts = page.samples.filter(({ name }) => name.endsWith("_created"));
    assert.deepEqual(
      starts.map(({ name, labels: of }) => [name, { ...of }]),
      [
        ["c_created", { a: "1" }],
        ["h_created", {}],
      ],
    );
    for (const { value } of starts) assert.ok(value >= before && value <= Date.now() / 1000);
    assert.doesNotMatch(pageText(collected, { config }), /_created/);
    assert.doesNotMatch(pageText(collected, { format: "openmetrics" }), /_created/);
  });

  it("is rendered in pieces of some hundred samples, labels included", () => {
    const { store, collect } = createMetricsFixture();
    const histogram = store.provider.getMeter("app").createHistogram("h", {
      advice: { explicitBucketBoundaries: Array.from({ length: 15 }, (_, at) => at + 1) },
    });
    for (let index = 0; index < 1999; index += 1) histogram.record(1, { "a.b": index });
    const collected = collect();
    const pieces = [...pagePieces(collected)];
    const lines = pieces.map((piece) => piece.split("\n").length);
    assert.ok(Math.max(...lines) <= 250, `${Math.max(...lines)} lines in one piece`);
    // Before the first sample: the labels of all series, a few at a time.
    const first = pieces.findIndex((piece) => piece.startsWith("h_bucket"));
    assert.ok(first >= 10, `the first sample is in piece ${first}`);
    assert.equal(samplesOf(parsePage(pieces.join("")), "h_count").length, 1999);
  });

  it("shows exponential histograms with limits that are powers of two", async () => {
    const reader = new SdkReader();
    const producer = new MeterProvider({
      readers: [reader],
      views: [
        { instrumentName: "h", aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } },
      ],
    });
    const values = [0, 1e-9, 0.25, 0.3, 1, 1.5, 2, 3, 4, 100, 1e15];
    const histogram = producer.getMeter("app").createHistogram("h", { unit: "s" });
    for (const value of values) histogram.record(value);
    const { resourceMetrics } = await reader.collect();
    for (const format of formats) {
      const page = parsePage(pageText(resourceMetrics, { format }), format);
      assert.equal(samplesOf(page, "h_seconds_count")[0]?.value, values.length);
      for (const { labels: of, value } of samplesOf(page, "h_seconds_bucket")) {
        const limit = Number(of["le"]!.replace("Inf", "Infinity"));
        assert.equal(value, values.filter((one) => one <= limit).length, `up to ${limit}`);
      }
    }
    await producer.shutdown();
  });
});

/** Collects from the SDK, which has aggregations that telltale has not. */
class SdkReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

type Instruments = ReturnType<MetricsFixture["store"]["provider"]["getMeter"]>;

/** Names that can't both be on a page: the first is kept. */
const conflicts: readonly (readonly [string, (meter: Instruments) => void, string])[] = [
  [
    "a counter and a gauge",
    (meter) => {
      meter.createCounter("a").add(1);
      meter.createGauge("a.total").record(2);
    },
    "a.total",
  ],
  [
    "a gauge and a histogram",
    (meter) => {
      meter.createGauge("a").record(1);
      meter.createHistogram("a").record(2);
    },
    "a",
  ],
  [
    "a histogram and a gauge named as its count",
    (meter) => {
      meter.createHistogram("a").record(1);
      meter.createGauge("a.count").record(2);
    },
    "a.count",
  ],
  [
    "a gauge named as a histogram's sum, and the histogram",
    (meter) => {
      meter.createGauge("a_sum").record(1);
      meter.createHistogram("a").record(2);
    },
    "a",
  ],
  [
    "something named as the resource",
    (meter) => meter.createGauge("target.info").record(1),
    "target.info",
  ],
  ["a name without valid characters", (meter) => meter.createGauge("--").record(1), "--"],
];

describe("Names that collide on the Prometheus page", () => {
  for (const [title, make, lost] of conflicts) {
    it(`${title}: one is left out and reported`, () => {
      for (const format of formats) {
        const { store, collect } = createMetricsFixture();
        make(store.provider.getMeter("app"));
        const reported: NameConflict[] = [];
        parsePage(textOf(collect(), format, reported), format);
        assert.deepEqual(
          reported.map(({ name }) => name),
          [lost],
        );
      }
    });
  }

  it("with different units become different names", () => {
    const { store, collect } = createMetricsFixture();
    const meter = store.provider.getMeter("app");
    meter.createCounter("a", { unit: "s" }).add(1);
    meter.createCounter("a", { unit: "By" }).add(1);
    const { types } = parsePage(textOf(collect()));
    assert.deepEqual([...types.keys()], ["target_info", "a_bytes_total", "a_seconds_total"]);
  });
});

describe("The Prometheus page is valid", () => {
  it("for 2000 series of random names, units and attributes", () => {
    const { store, collect } = createMetricsFixture();
    const random = randomText(7);
    for (let index = 0; index < 2000; index += 1) {
      const meter = store.provider.getMeter(index % 3 === 0 ? "telltale" : random(6), random(3));
      const options = { unit: random(4), description: random(12) };
      const attributes = { [random(5)]: random(8), [random(5)]: index, le: random(2) };
      if (index % 4 === 0) meter.createCounter(random(8), options).add(index, attributes);
      else if (index % 4 === 1) meter.createHistogram(random(8), options).record(index, attributes);
      else if (index % 4 === 2) meter.createGauge(random(8), options).record(-index, attributes);
      else meter.createUpDownCounter(random(8), options).add(-index, attributes);
    }
    const collected = collect();
    for (const format of formats) {
      const reported: NameConflict[] = [];
      const page = parsePage(textOf(collected, format, reported), format);
      const leftOut = new Set(reported.map(({ name }) => name));
      assert.ok(leftOut.size < 1000, `${leftOut.size} metrics are left out`);
      assert.deepEqual(totalsOnPage(page), totalsOf(collected, leftOut));
    }
  });
});

interface Totals {
  readonly counters: number;
  readonly histograms: number;
}

/** The sums of all counters and of the counts of all histograms on a page. */
function totalsOnPage({ samples, types }: ExpositionPage): Totals {
  let counters = 0;
  let histograms = 0;
  for (const { name, value } of samples) {
    const counter = name.replace(/_total$/, "");
    if (types.get(name) === "counter" || types.get(counter) === "counter") counters += value;
    if (types.get(name.replace(/_count$/, "")) === "histogram") histograms += value;
  }
  return { counters, histograms };
}

/** The same sums of the collected metrics. */
function totalsOf({ scopeMetrics }: ResourceMetrics, leftOut: ReadonlySet<string>): Totals {
  let counters = 0;
  let histograms = 0;
  for (const metric of scopeMetrics.flatMap(({ metrics }) => metrics)) {
    if (leftOut.has(metric.descriptor.name)) continue;
    if (metric.dataPointType === DataPointType.HISTOGRAM) {
      for (const { value } of metric.dataPoints) histograms += value.count;
    } else if (metric.dataPointType === DataPointType.SUM && metric.isMonotonic) {
      for (const { value } of metric.dataPoints) counters += value;
    }
  }
  return { counters, histograms };
}

function shop(): MetricsFixture {
  const fixture = createMetricsFixture();
  const app = fixture.store.provider.getMeter("app", "1.0");
  const own = fixture.store.provider.getMeter("telltale", "0.1.0");
  app
    .createCounter("orders", { description: 'Orders, "paid" or\nnot, by \\ kind' })
    .add(3, { kind: 'a"b\\c\nd' });
  const histogram = own.createHistogram("cart.size", {
    unit: "By",
    description: "Size of the cart",
    advice: { explicitBucketBoundaries: [10, 1e6] },
  });
  histogram.record(5);
  histogram.record(1_000_000);
  histogram.record(0);
  own.createUpDownCounter("queue").add(-2);
  own.createGauge("temperature", { unit: "Cel" }).record(Infinity);
  return fixture;
}

function textOf(
  metrics: ResourceMetrics,
  format: TextFormat = "classic",
  reported: NameConflict[] = [],
): string {
  return pageText(metrics, { format, onConflict: (conflict) => void reported.push(conflict) });
}

/** Returns pseudo-random text of characters that break formats. */
function randomText(seed: number): (length: number) => string {
  const letters = Array.from('abAB01_.-:/{}"\\\n\r\t,;= é€😀#');
  let state = seed;
  return (length) => {
    let text = "";
    for (let index = 0; index < length; index += 1) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      text += letters[(state >>> 8) % letters.length];
    }
    return text;
  };
}
