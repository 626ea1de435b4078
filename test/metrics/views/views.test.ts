import assert from "node:assert/strict";
import { parseConfig } from "../../../src/config/parse.ts";
import { formatIssues } from "../../../src/config/report.ts";
import { environmentOf } from "../../../src/env.ts";
import { SECONDS_BOUNDARIES } from "../../../src/metrics/boundaries.ts";
import {
  createMetricsPipeline,
  histogramsOf,
  metricOf,
  metricNamesOf,
  numbersOf,
} from "../metrics-fixture.ts";

type Pipeline = ReturnType<typeof createMetricsPipeline>;

/** Variables, what is recorded, and what becomes of it. */
const views: readonly (readonly [
  what: string,
  variables: Readonly<Record<string, string>>,
  test: (pipeline: Pipeline) => void,
])[] = [
  [
    "drop instruments by name and by pattern",
    { TELLTALE_METRICS_DROP: "http.client.*, Shop.Orders" },
    ({ metrics }) => {
      const meter = metrics.provider.getMeter("app");
      meter.createHistogram("http.client.request.duration").record(1);
      meter.createCounter("shop.orders").add(1);
      metrics.meter.createCounter("shop.orders").bind({ a: 1 }).add(1);
      metrics.meter.createSummary("shop.orders").record(1);
      const observed = meter.createObservableGauge("http.client.queue");
      observed.addCallback(() => assert.fail("called"));
      meter.createHistogram("http.server.request.duration").record(1);
      const names = metricNamesOf(metrics.collect());
      assert.ok(names.includes("http.server.request.duration"));
      assert.ok(!names.some((name) => /http\.client|shop/.test(name)), names.join());
    },
  ],
  [
    "drop everything",
    { TELLTALE_METRICS_DROP: "*" },
    ({ metrics }) => {
      metrics.meter.createCounter("shop.orders").add(1);
      assert.deepEqual(metrics.collect().scopeMetrics, []);
    },
  ],
  [
    "rename an instrument",
    { TELLTALE_METRICS_RENAME: "shop.orders=orders" },
    ({ metrics }) => {
      metrics.meter.createCounter("shop.orders").add(1);
      metrics.meter.createCounter("shop.orders.open").add(1);
      const names = metricNamesOf(metrics.collect());
      assert.ok(names.includes("orders") && names.includes("shop.orders.open"));
      assert.ok(!names.includes("shop.orders"));
    },
  ],
  [
    "drop attributes, in every order",
    { TELLTALE_METRICS_DROP_ATTRIBUTES: "shop.*:tenant,user" },
    ({ metrics }) => {
      const counter = metrics.provider.getMeter("app").createCounter("shop.orders");
      counter.add(1, { tenant: "a", kind: "book" });
      counter.add(2, { kind: "book", tenant: "b", user: 5 });
      counter.add(4, { kind: "book" });
      metrics.meter.createCounter("shop.orders").bind({ tenant: "c" }).add(1);
      const points = metrics
        .collect()
        .scopeMetrics.flatMap((scope) => scope.metrics)
        .filter(({ descriptor }) => descriptor.name === "shop.orders")
        .flatMap(({ dataPoints }) =>
          dataPoints.map(({ attributes, value }) => [attributes, value]),
        );
      assert.deepEqual(
        points.toSorted((a, b) => Number(b[1]) - Number(a[1])),
        [
          [{ kind: "book" }, 7],
          [{}, 1],
        ],
      );
    },
  ],
  [
    "replace buckets, those of the full name first",
    { TELLTALE_METRICS_BUCKETS: "shop.*:1,2;shop.checkout:0.1,5e-1,1" },
    ({ metrics }) => {
      const advice = { explicitBucketBoundaries: [7] };
      metrics.meter.createHistogram("shop.checkout", { unit: "s", advice }).record(1);
      metrics.meter.createHistogram("shop.parcel").record(1);
      const boundaries = ["shop.checkout", "shop.parcel"].map(
        (name) => histogramsOf(metrics.collect(), name)[0]?.value.buckets.boundaries,
      );
      assert.deepEqual(boundaries, [
        [0.1, 0.5, 1],
        [1, 2],
      ]);
    },
  ],
  [
    "limit the series of instruments, and name once which reached it",
    { TELLTALE_METRICS_CARDINALITY_LIMIT: "shop.*=3,shop.orders=5" },
    ({ metrics, lines }) => {
      for (const name of ["shop.orders", "shop.parcels"]) {
        const counter = metrics.meter.createCounter(name);
        for (let id = 0; id < 100; id += 1) counter.add(1, { id });
        const points = numbersOf(metrics.collect(), name);
        assert.equal(points.length, name === "shop.orders" ? 5 : 3);
        assert.equal(
          points.reduce((sum, { value }) => sum + value, 0),
          100,
        );
        assert.deepEqual(points.at(-1)?.attributes, { "otel.metric.overflow": true });
      }
      const overflows = numbersOf(metrics.collect(), "telltale.metric.overflows");
      assert.deepEqual(
        overflows.map(({ attributes, value }) => [attributes["telltale.metric.name"], value]),
        [
          ["shop.orders", 96],
          ["shop.parcels", 98],
        ],
      );
      const about = lines.filter((line) => line.includes('metric "shop.orders"'));
      assert.equal(about.length, 1);
      assert.match(about[0]!, /has 5 series, its limit; .* TELLTALE_METRICS_CARDINALITY_LIMIT\n$/);
    },
  ],
];

describe("Views of metrics", () => {
  for (const [what, variables, test] of views) {
    it(what, () => test(createMetricsPipeline(variables)));
  }

  it("leave an instrument of seconds its buckets for web latencies", () => {
    const { metrics } = createMetricsPipeline();
    const meter = metrics.provider.getMeter("app");
    meter.createHistogram("shop.wait", { unit: "s" }).record(1);
    const [point] = histogramsOf(metrics.collect(), "shop.wait");
    assert.deepEqual(point?.value.buckets.boundaries, SECONDS_BOUNDARIES);
    assert.equal(metricOf(metrics.collect(), "shop.wait").descriptor.unit, "s");
  });
});

/** Values of which a part is reported and ignored. */
const invalid: readonly (readonly [name: string, value: string, problem: string])[] = [
  [
    "TELLTALE_METRICS_DROP",
    "http.*,1x",
    'received "1x", expected instrument names such as http.client.*; using the other entries',
  ],
  [
    "TELLTALE_METRICS_DROP",
    "*.duration",
    'received "*.duration", expected instrument names such as http.client.*; using the other entries',
  ],
  [
    "TELLTALE_METRICS_RENAME",
    "a=b,shop.*=c",
    'received "shop.*=c", expected name=new name; using the other entries',
  ],
  [
    "TELLTALE_METRICS_DROP_ATTRIBUTES",
    "shop.orders",
    'received "shop.orders", expected instrument:attribute,attribute; using the other entries',
  ],
  [
    "TELLTALE_METRICS_BUCKETS",
    "a:1,2;b:2,1",
    'received "b:2,1", expected instrument:limit,limit with increasing numbers; using the other entries',
  ],
  [
    "TELLTALE_METRICS_BUCKETS",
    "b:1,1",
    'received "b:1,1", expected instrument:limit,limit with increasing numbers; using the other entries',
  ],
  [
    "TELLTALE_METRICS_BUCKETS",
    "b:1,x",
    'received "b:1,x", expected instrument:limit,limit with increasing numbers; using the other entries',
  ],
  [
    "TELLTALE_METRICS_CARDINALITY_LIMIT",
    "a=0",
    'received "a=0", expected an integer from 1 to 1000000, or instrument=integer; using the other entries',
  ],
  ["TELLTALE_METRICS_EXPIRE_MS", "5", 'received "5", expected an integer from 1000'],
];

describe("Bad input of a view", () => {
  for (const [name, value, problem] of invalid) {
    it(`is reported: ${name}=${value}`, () => {
      const { issues } = parseConfig(environmentOf({ [name]: value }));
      const report = formatIssues(issues);
      assert.ok(report.includes(`${name}: ${problem}`), report);
    });
  }
});
