import assert from "node:assert/strict";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AggregationType,
  createAllowListAttributesProcessor,
  createDenyListAttributesProcessor,
  type Histogram,
  InstrumentType,
  type MetricData,
  type ViewOptions,
} from "@opentelemetry/sdk-metrics";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import { ExtensionReport } from "../../src/extension/report.ts";
import { readViews } from "../../src/extension/views.ts";
import { exemplarFilters } from "../../src/metrics/exemplars.ts";
import { MetricReaderState } from "../../src/metrics/reader-state.ts";
import { MetricStore } from "../../src/metrics/store.ts";
import { noRedactor } from "../../src/redaction/redactor.ts";

const views: ViewOptions[] = [
  { instrumentName: "unwanted", aggregation: { type: AggregationType.DROP } },
  {
    instrumentName: "http.server.duration",
    name: "renamed.duration",
    description: "of a view",
    aggregation: {
      type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
      options: { boundaries: [1, 2] },
    },
    attributesProcessors: [createDenyListAttributesProcessor(["secret"])],
  },
  {
    instrumentName: "orders",
    instrumentType: InstrumentType.COUNTER,
    attributesProcessors: [createAllowListAttributesProcessor(["kind"])],
    aggregationCardinalityLimit: 3,
  },
];

describe("Views of an extension", () => {
  const lines: string[] = [];
  const report = new ExtensionReport("telltale.config.js", (_key, line) => lines.push(line));

  for (const isEarlier of [true, false]) {
    const when = isEarlier ? "before they are there" : "afterwards";
    it(`change instruments that are created ${when}`, () => {
      const store = new MetricStore({
        resource: resourceFromAttributes({}),
        diagnostics: new Diagnostics("none", () => {}),
        exemplarFilter: exemplarFilters.always_off,
        redactor: noRedactor,
      });
      if (!isEarlier) store.addViews(readViews(views, report));
      const meter = store.provider.getMeter("shop");
      const duration = meter.createHistogram("http.server.duration");
      const orders = meter.createCounter("orders");
      const unwanted = meter.createCounter("unwanted");
      const gauge = meter.createObservableGauge("unchanged");
      gauge.addCallback((result) => result.observe(7));
      if (isEarlier) store.addViews(readViews(views, report));
      duration.record(1.5, { route: "/a", secret: "b" });
      for (let order = 0; order < 5; order++) orders.add(1, { kind: `k${order}`, other: "x" });
      unwanted.add(1);

      const { scopeMetrics } = store.collectNow(new MetricReaderState("cumulative", 0));
      const metrics = new Map(scopeMetrics[0]?.metrics.map((data) => [data.descriptor.name, data]));
      assert.deepEqual([...metrics.keys()].toSorted(), ["orders", "renamed.duration", "unchanged"]);
      const [point = assert.fail()] = pointsOf(metrics.get("renamed.duration"));
      assert.deepEqual(point.attributes, { route: "/a" });
      assert.deepEqual((point.value as Histogram).buckets, {
        boundaries: [1, 2],
        counts: [0, 1, 0],
      });
      const kinds = pointsOf(metrics.get("orders")).map(({ attributes }) => attributes);
      assert.deepEqual(kinds, [{ kind: "k0" }, { kind: "k1" }, { "otel.metric.overflow": true }]);
      assert.deepEqual(lines, []);
    });
  }
});

function pointsOf(data: MetricData | undefined): MetricData["dataPoints"] {
  return data?.dataPoints ?? [];
}
