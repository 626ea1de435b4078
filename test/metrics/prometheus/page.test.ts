import assert from "node:assert/strict";
import { parsePage } from "../exposition.ts";
import { createMetricsPipeline } from "../metrics-fixture.ts";

describe("The Prometheus page", () => {
  it("is the same for two scrapers, with other scrapes in between", async () => {
    const { metrics } = createMetricsPipeline();
    const counter = metrics.meter.createCounter("c");
    counter.add(1);
    const values: unknown[] = [];
    for (let round = 0; round < 3; round += 1) {
      const page = parsePage((await metrics.prometheusPage(undefined))!.body.toString());
      values.push(page.samples.find(({ name }) => name === "c_total")?.value);
    }
    assert.deepEqual(values, [1, 1, 1]);
  });

  it("is missing without Prometheus among the exporters", async () => {
    const { metrics } = createMetricsPipeline({ OTEL_METRICS_EXPORTER: "otlp" });
    assert.equal(await metrics.prometheusPage(undefined), undefined);
  });
});

type Instruments = ReturnType<
  ReturnType<typeof createMetricsPipeline>["metrics"]["provider"]["getMeter"]
>;

/** What an app may record that has no place on the page, and the line about it. */
const problems: readonly (readonly [
  title: string,
  record: (meter: Instruments) => void,
  line: RegExp,
  /** The samples of the app that stay. */
  samples: readonly string[],
])[] = [
  [
    "a name of another type",
    (meter) => {
      meter.createCounter("a").add(1);
      meter.createGauge("a.total").record(1);
    },
    /metric "a.total" is left out of the Prometheus page: the name a_total is already used by another metric/,
    ["a_total 1"],
  ],
  [
    "a name without a valid character",
    (meter) => {
      meter.createGauge("€€").record(1);
      meter.createGauge("b").record(1);
    },
    /metric "€€" is left out of the Prometheus page: its name has no valid characters/,
    ["b 1"],
  ],
  [
    "keys of attributes with the same label",
    (meter) => {
      const counter = meter.createCounter("a");
      counter.add(1, { "user.id": "1", user_id: "2" });
      counter.add(1, { "user.id": "3", user_id: "4" });
    },
    /attributes "user.id" and "user_id" have the same label "user_id" on the Prometheus page, which gets both values joined by ";"/,
    ['a_total{user_id="1;2"} 1', 'a_total{user_id="3;4"} 1'],
  ],
  [
    "series with the same labels",
    (meter) => {
      const counter = meter.createCounter("a");
      for (const key of ["a.b", "a_b", "a-b"]) counter.add(1, { [key]: "x" });
    },
    /metric "a" has series with the same labels on the Prometheus page, which are merged/,
    ['a_total{a_b="x"} 3'],
  ],
];

describe("The Prometheus page stays complete, with one line on stderr for all scrapes, after", () => {
  for (const [title, record, line, samples] of problems) {
    it(title, async () => {
      const { metrics, lines } = createMetricsPipeline({
        TELLTALE_PROMETHEUS_SCOPE_LABELS: "none",
      });
      record(metrics.provider.getMeter("app"));
      for (const [round, format] of formats.entries()) {
        const page = await metrics.prometheusPage(
          format === "openmetrics" ? "application/openmetrics-text" : undefined,
        );
        const text = page!.body.toString();
        assert.ok(parsePage(text, format).samples.length > 20, `round ${round}`);
        for (const sample of samples) assert.ok(text.split("\n").includes(sample), sample);
      }
      const ofThePage = lines.filter((text) => text.includes("Prometheus page"));
      assert.equal(ofThePage.length, 1);
      assert.match(ofThePage[0]!, line);
    });
  }
});

const formats = ["classic", "openmetrics", "classic"] as const;

describe("Scrapes in many forms", () => {
  it("at the same time are rendered one after another, each form once", async () => {
    const { metrics } = createMetricsPipeline();
    let running = 0;
    let collections = 0;
    metrics.meter.createObservableGauge("g").addCallback(async (result) => {
      assert.equal((running += 1), 1);
      collections += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      result.observe(1);
    });
    const accepts = [
      "text/plain",
      "text/plain;q=0.5",
      "application/openmetrics-text",
      "application/openmetrics-text;version=0.0.1",
      "text/plain;version=1.0.0",
      "text/plain;version=1.0.0;escaping=values",
    ];
    const pages = await Promise.all(accepts.map((accept) => metrics.prometheusPage(accept)));
    assert.equal(new Set(pages.map((page) => page!.contentType)).size, 5);
    for (const page of pages) assert.match(page!.body.toString(), /^g 1$/m);
    assert.equal(collections, 3);
  });
});

describe("Without metric exporters", () => {
  it("instruments record nothing and create no series", async () => {
    const { metrics } = createMetricsPipeline({ OTEL_METRICS_EXPORTER: "none" });
    const meter = metrics.provider.getMeter("app");
    meter.createCounter("c").add(1);
    meter.createHistogram("h").record(1);
    meter.createObservableGauge("g").addCallback(() => assert.fail("asked"));
    metrics.meter.createCounter("own").bind({ a: 1 }).add(1);
    metrics.start();
    assert.deepEqual(metrics.collect().scopeMetrics, []);
    assert.deepEqual(metrics.drainForExit(), []);
    await metrics.flush(1000);
  });
});
