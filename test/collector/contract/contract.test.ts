import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../../scripts/build/paths.ts";
import { collectorBinary } from "../../../scripts/collector/build.ts";
import type { ReceivedMetric, ReceivedSpan } from "../../../src/testing/received.ts";
import type { Received } from "../../../src/testing/store.ts";
import { programOrSkip } from "../../programs.ts";
import { type ContractDemo, OWN_PAGES, SPAN_DURATIONS, startDemo } from "./demo.ts";
import {
  allMetrics,
  type DifferenceName,
  differences,
  groups,
  type MetricKind,
  type MetricRow,
  oddLabels,
  ownMetrics,
  sameCounts,
  sampleNamesOf,
  spanMetrics,
  type MetricPath,
} from "./rows.ts";
import { waitUntilSettled, type ObservedMetrics } from "./observed-metrics.ts";
import { commonForms, isMetric, type OwnedSeries, metricPaths } from "./metric-paths.ts";

/** Metrics that the demo or the app of the tests records, but not both. */
const describedRows: ReadonlySet<MetricRow> = new Set([
  ...groups.filter(({ inDemo }) => inDemo).flatMap(({ rows }) => rows),
  ...ownMetrics,
]);

const COLD_BUILD_MS = 30 * 60_000;
/** The scope of metrics that `span_metrics` derives; they belong to no service. */
const SPAN_METRICS_SCOPE = "spanmetricsconnector";

/** The attributes of which `job` and `instance` consist; sorted. */
const IDENTITY: readonly string[] = ["service_instance_id", "service_name", "service_namespace"];

describe("The demo, preloaded, through agent and gateway", function () {
  let demo: ContractDemo;
  let seen: ObservedMetrics;

  before(async function () {
    this.timeout(COLD_BUILD_MS);
    const program = programOrSkip(this, "prometheus");
    demo = await startDemo(await collectorBinary(), program);
    seen = await waitUntilSettled(demo);
    await demo.end();
    await waitUntilArrived(demo);
  });

  after(() => demo?.stop());

  describe("arrives unchanged", () => {
    it("with every span: resource, scope, ids and everything else but literals in statements", () => {
      assert.deepEqual(new Set(demo.sent.spans.map(serviceOf)), new Set(["shop", "payments"]));
      assert.deepEqual(
        sortedBy(demo.arrived.spans, ({ spanId }) => spanId),
        sortedBy(demo.sent.spans.map(redacted), ({ spanId }) => spanId),
      );
    });

    it("with every log record", () => {
      assert.deepEqual(new Set(demo.sent.logs.map(serviceOf)), new Set(["shop", "payments"]));
      assert.deepEqual(textsOf(demo.arrived.logs), textsOf(demo.sent.logs));
    });

    it("with every point of every metric", () => {
      const sent = pointsOf(demo.sent);
      assert.ok(sent.length > 1000, String(sent.length));
      assert.deepEqual(pointsOf(demo.arrived), sent);
    });

    it("with the whole trace of a failed request, and its log lines", () => {
      const { spans, logs } = demo.arrived;
      const id = demo.failed.requestId;
      const traceId = spans.find((span) => span.attributes["telltale.request.id"] === id)?.traceId;
      const trace = spans.filter((span) => span.traceId === traceId);
      const ids = new Set(["", ...trace.map(({ spanId }) => spanId)]);
      assert.deepEqual(new Set(trace.map(serviceOf)), new Set(["shop", "payments"]));
      assert.ok(trace.every(({ parentSpanId }) => ids.has(parentSpanId)));
      const lines = logs.filter((log) => log.traceId === traceId);
      assert.deepEqual(new Set(lines.map(serviceOf)), new Set(["shop", "payments"]));
      assert.ok(lines.every(({ spanId }) => ids.has(spanId)));
    });

    it("in Prometheus too, with the resource", () => {
      for (const service of demo.pages.values()) {
        const { resource } = demo.sent.metrics.find((metric) => serviceOf(metric) === service)!;
        const labels = resourceLabels(resource.attributes);
        for (const way of ["gateway", "written"] as const) {
          const { service_name: name, service_namespace: space, service_instance_id: id } = labels;
          const identity = { job: `${space}/${name}`, instance: id };
          const others = Object.entries(labels).filter(([key]) => !IDENTITY.includes(key));
          const info = infoOf(seen, way, service);
          assert.deepEqual(info, { ...Object.fromEntries(others), ...identity }, way);
        }
        const { job: _job, instance: _instance, ...rest } = infoOf(seen, "page", service);
        assert.deepEqual(rest, labels);
      }
    });

    it("in Prometheus too, with the ids of exemplars", async () => {
      const spans = new Set(demo.arrived.spans.map(({ traceId, spanId }) => traceId + spanId));
      for (const metric of ["http_server_request_duration_seconds_bucket", SPAN_DURATIONS]) {
        const exemplars = await demo.scraping.exemplars(metric);
        assert.ok(exemplars.length > 0, metric);
        for (const { trace_id: trace = "", span_id: span = "" } of exemplars) {
          assert.ok(spans.has(trace + span), `${metric}: ${trace} ${span}`);
        }
      }
    });
  });

  describe("has metrics with the names of the contract", () => {
    it("over OTLP: name, unit and kind", () => {
      const sent = new Map(demo.sent.metrics.map((metric) => [metric.name, metric]));
      assert.deepEqual([...sent.keys()].toSorted(), allMetrics.map(({ name }) => name).toSorted());
      for (const { name, unit, kind } of allMetrics) {
        const metric = sent.get(name)!;
        assert.deepEqual({ unit: metric.unit, kind: kindOf(metric) }, { unit, kind }, name);
      }
    });

    it("that the source has, if the demo doesn't record them", () => {
      const source = globSync("src/**/*.ts", { cwd: root })
        .map((file) => readFileSync(join(root, file), "utf8"))
        .join("\n");
      const elsewhere = groups.filter(({ inDemo }) => !inDemo).flatMap((group) => group.rows);
      for (const { name } of elsewhere) assert.ok(source.includes(`"${name}"`), name);
    });

    for (const way of metricPaths) {
      it(`in Prometheus, by ${way}: every name, and no other`, () => {
        const names = new Set(seen.series[way].filter(isMetric).map(({ name }) => name));
        assert.deepEqual([...names].toSorted(), allMetrics.flatMap(sampleNamesOf).toSorted());
      });

      it(`in Prometheus, by ${way}: the labels of every metric`, () => {
        for (const row of allMetrics) {
          const labels = labelsIn(seen.series[way], row);
          const expected = row.labels.map((label) => labelOf(label, way));
          assert.deepEqual(labels, expected.toSorted(), row.name);
        }
      });
    }

    it("with the same series on all paths, except for the differences", () => {
      const page = commonForms(seen.series.page);
      assert.deepEqual(commonForms(seen.series.gateway), page);
      assert.deepEqual(commonForms(seen.series.written), page);
    });

    it("also for metrics of spans", () => {
      for (const way of ["gateway", "written"] as const) {
        const ofSpans = seen.series[way].filter(({ name }) => name.startsWith("traces_"));
        const names = new Set(ofSpans.map(({ name }) => name));
        assert.deepEqual([...names].toSorted(), spanMetrics.flatMap(sampleNamesOf).toSorted());
        for (const row of spanMetrics) {
          const expected = row.labels.map((label) => labelOf(label, way));
          assert.deepEqual(labelsIn(ofSpans, row), expected.toSorted());
        }
      }
    });

    for (const same of sameCounts) {
      it(`with the same count for ${same.metric} and its spans`, () => {
        const { page, ...others } = seen.counts.get(same)!;
        const total = [...page.values()].reduce((sum, value) => sum + value, 0);
        assert.ok(total > demo.failed.failed, String(total));
        for (const [way, counts] of Object.entries(others)) assert.deepEqual(counts, page, way);
      });
    }
  });

  describe("differs only", () => {
    const checks: Readonly<Record<DifferenceName, () => void | Promise<void>>> = {
      identity() {
        for (const { labels } of seen.series.page) {
          assert.equal(labels["job"], OWN_PAGES);
          assert.ok(demo.pages.has(labels["instance"] ?? ""), String(labels["instance"]));
        }
        for (const way of ["gateway", "written"] as const) {
          for (const { labels, service } of seen.series[way]) {
            assert.equal(labels["job"], `demo/${service}`);
            assert.match(labels["instance"]!, /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
          }
        }
      },
      targetInfo() {
        const { job: _job, instance: _instance, ...page } = infoOf(seen, "page", "shop");
        const { job: _j, instance: _i, ...gateway } = infoOf(seen, "gateway", "shop");
        const more = Object.keys(page).filter((name) => !Object.hasOwn(gateway, name));
        assert.deepEqual(more.toSorted(), IDENTITY);
      },
      scope() {
        const scopes = (way: MetricPath): string[] =>
          [...new Set(seen.series[way].filter(isMetric).map(scopeOf))].toSorted();
        assert.deepEqual(scopes("page"), [...scopes("gateway")].map(bare).toSorted());
        assert.deepEqual(scopes("written"), scopes("gateway"));
        assert.ok(scopes("gateway").some((scope) => bare(scope) !== scope));
      },
      limits() {
        const wholes = (way: MetricPath): string[] =>
          [...new Set(seen.series[way].map(({ labels }) => labels["le"] ?? ""))]
            .filter((le) => Number(le) >= 1 && Number.isInteger(Number(le)))
            .toSorted();
        assert.ok(wholes("page").includes("1.0"));
        assert.deepEqual(wholes("gateway"), wholes("page"));
        assert.deepEqual(
          wholes("written"),
          wholes("page")
            .map((le) => String(Number(le)))
            .toSorted(),
        );
      },
      runs() {
        const names = metricPaths.map((way) => {
          const series = seen.series[way].find(({ name }) => name === "shop_sales_total");
          return Object.keys(series!.labels).find((name) => name.startsWith("gr_"));
        });
        assert.deepEqual(names, ["gr_e", "gr__e", "gr_e"]);
      },
      async metadata() {
        const scraped = await demo.scraping.metadata();
        for (const row of allMetrics) {
          // Prometheus has both paths: series that differ are there twice.
          const known = scraped[familyOf(row)] ?? [];
          assert.equal(new Set(known.map(({ type }) => type)).size, 1, row.name);
          // An app of the tests records the others, with descriptions of its own.
          const helps = new Set(known.map(({ help }) => help));
          if (describedRows.has(row)) assert.equal(helps.size, 1, row.name);
          assert.ok(
            known.some(({ unit }) => unit === ""),
            row.name,
          );
        }
        assert.equal(unitOf(scraped["process_uptime_seconds"]), "seconds");
        assert.equal(scraped["target"]?.[0]?.type, "info");
        assert.equal(scraped["target_info"]?.[0]?.type, "gauge");
        assert.deepEqual(await demo.written.metadata(), {});
      },
    };

    for (const [key, { what }] of Object.entries(differences)) {
      it(`in ${what}`, () => checks[key as DifferenceName]());
    }
  });
});

/** Waits until everything that was sent has arrived. */
async function waitUntilArrived({ sent, arrived }: ContractDemo): Promise<void> {
  await arrived.waitFor(
    (received) =>
      received.spans.length >= sent.spans.length &&
      received.logs.length >= sent.logs.length &&
      pointsOf(received).length >= pointsOf(sent).length,
    "as much as was sent",
  );
}

/** Returns each point of a metric separately: the Collector may batch them differently. */
function pointsOf({ metrics }: Pick<Received, "metrics">): string[] {
  return textsOf(
    metrics
      .filter(({ scope }) => scope.name !== SPAN_METRICS_SCOPE)
      .flatMap(({ points, ...metric }) => points.map((point) => ({ ...metric, point }))),
  );
}

function textsOf(items: readonly object[]): string[] {
  return items.map((item) => JSON.stringify(item)).toSorted();
}

function sortedBy<T>(items: readonly T[], key: (item: T) => string): T[] {
  return items.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** The demo has no other secrets. */
function redacted(span: ReceivedSpan): ReceivedSpan {
  const statement = span.attributes["db.query.text"];
  if (typeof statement !== "string") return span;
  const query = statement.replace(/'[^']*'|(?<![\w$.])\d+/g, "?");
  return { ...span, attributes: { ...span.attributes, "db.query.text": query } };
}

function serviceOf({ resource }: { resource: { attributes: Readonly<Record<string, unknown>> } }) {
  return resource.attributes["service.name"];
}

function kindOf({ type, monotonic }: ReceivedMetric): MetricKind {
  if (type === "sum") return monotonic ? "counter" : "up-down counter";
  return type === "gauge" ? "gauge" : "histogram";
}

/** Returns the name in the metadata: OpenMetrics' name of a counter has no `_total`. */
function familyOf({ kind, prometheus }: MetricRow): string {
  return kind === "counter" ? prometheus.replace(/_total$/, "") : prometheus;
}

function labelOf(attribute: string, way: MetricPath): string {
  return oddLabels[attribute]?.[way] ?? attribute.replaceAll(".", "_");
}

/** Returns the labels of all series of a metric, without those that all metrics have. */
function labelsIn(series: readonly OwnedSeries[], row: MetricRow): string[] {
  const names = new Set(sampleNamesOf(row));
  const own = series.filter(({ name }) => names.has(name));
  const labels = new Set(own.flatMap((one) => Object.keys(one.labels)));
  return [...labels].filter((label) => !/^(job|instance|le|otel_scope_.*)$/.test(label)).toSorted();
}

function resourceLabels(attributes: Readonly<Record<string, unknown>>): Record<string, string> {
  const entries = Object.entries(attributes).map(([key, value]) => [
    labelOf(key, "page"),
    String(value),
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}

function infoOf(
  { series }: ObservedMetrics,
  way: MetricPath,
  service: string,
): Readonly<Record<string, string>> {
  const own = series[way].filter((one) => one.name === "target_info" && one.service === service);
  assert.equal(own.length, 1, `target_info of ${service} by way of ${way}`);
  return own[0]!.labels;
}

function scopeOf({ labels }: OwnedSeries): string {
  return labels["otel_scope_name"] ?? "";
}

function bare(scope: string): string {
  return scope === "telltale" ? "" : scope;
}

function unitOf(known: readonly { readonly unit: string }[] | undefined): string | undefined {
  return known?.find(({ unit }) => unit !== "")?.unit;
}
