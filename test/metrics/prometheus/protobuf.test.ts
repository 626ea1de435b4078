import assert from "node:assert/strict";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { PrometheusConfig } from "../../../src/config/config.ts";
import { ROOT_CONTEXT } from "../../../src/context/context.ts";
import { escapings } from "../../../src/metrics/prometheus/escaping.ts";
import { collectingProvider } from "../../traces/provider.ts";
import { type ExpositionSample, parsePage } from "../exposition.ts";
import {
  labelsOf,
  parseProtobufPage,
  type ProtobufExemplar,
  type ProtobufFamily,
  samplesOfFamilies,
  typeOf,
} from "../exposition-protobuf.ts";
import { createMetricsFixture } from "../metrics-fixture.ts";
import { pageBytes, pageText } from "./page-text.ts";
import { registryMetrics } from "./registry-metrics.ts";

/** Configurations that change names, labels or metrics. */
const configs: readonly Partial<PrometheusConfig>[] = [
  {},
  { translation: "underscore_escaping_without_suffixes", scopeLabels: "all" },
  { translation: "no_utf8_escaping_with_suffixes", resourceLabels: ["service.name"] },
  { translation: "no_translation", targetInfo: false, scopeLabels: "none" },
];

describe("The Prometheus page in protobuf", () => {
  for (const config of configs) {
    for (const escaping of escapings) {
      it(`has every sample and type of the text: ${JSON.stringify(config)} ${escaping}`, () => {
        const collected = everything();
        const text = parsePage(pageText(collected, { config, escaping, registryMetrics }));
        const families = parseProtobufPage(
          pageBytes(collected, { config, escaping, registryMetrics }),
        );
        assert.deepEqual(sorted(samplesOfFamilies(families)), sorted(text.samples));
        assert.deepEqual(
          families.map((family) => [family.name, typeOf(family)]),
          // A family without metrics is none in protobuf.
          [...text.types].filter(([name]) => name !== "app_unused"),
        );
      });
    }
  }

  it("has help, units, exemplars and starts of OpenMetrics", () => {
    const collected = everything();
    const config = { created: true };
    const text = pageText(collected, { format: "openmetrics", config, registryMetrics });
    const families = parseProtobufPage(pageBytes(collected, { registryMetrics }));
    assert.deepEqual(
      families.filter(({ unit }) => unit !== undefined).map(({ name, unit }) => [name, unit]),
      [...text.matchAll(/^# UNIT (\S+) (\S+)$/gm)].map(([, name = "", unit]) => [
        families.some((family) => family.name === name) ? name : `${name}_total`,
        unit,
      ]),
    );
    const help = families.map((family) => family.help).filter((line) => line !== undefined);
    assert.equal(help.length, [...text.matchAll(/^# HELP (?!app_unused)/gm)].length);
    assert.ok(help.includes('a "d" \\ of\nlines'));
    const exemplars = families.flatMap(exemplarsOf).map(exemplarText);
    assert.ok(exemplars.length > 4);
    assert.deepEqual(
      exemplars.toSorted(),
      [...text.matchAll(/ # (\{.*)$/gm)].map(([, exemplar]) => exemplar!).toSorted(),
    );
    const starts = families.flatMap(startsOf);
    const created = [...text.matchAll(/_created(?:\{.*\})? (\S+)$/gm)];
    assert.deepEqual(
      starts.map(String).toSorted(),
      created.map(([, seconds]) => String(Number(seconds))).toSorted(),
    );
  });

  it("is yielded in pieces, each a family or empty", () => {
    const { store, collect } = createMetricsFixture();
    const histogram = store.provider.getMeter("app").createHistogram("h");
    for (let index = 0; index < 1999; index += 1) histogram.record(1, { "a.b": index });
    const collected = collect();
    const pieces = [...pagePiecesOf(collected)];
    assert.ok(pieces.length > 100, `${pieces.length} pieces`);
    const families = pieces.filter(({ length }) => length > 0).map(parseProtobufPage);
    assert.deepEqual(
      families.map(({ length }) => length),
      [1, 1],
    );
    assert.equal(families[1]![0]!.metric.length, 1999);
  });

  it("has classic histograms only, unless native ones are configured", () => {
    const families = parseProtobufPage(pageBytes(everything()));
    for (const { histogram } of families.flatMap(({ metric }) => metric)) {
      if (histogram === undefined) continue;
      assert.deepEqual(
        [histogram.schema, histogram.zeroCount, histogram.exemplars],
        [...[undefined, undefined, undefined]],
      );
    }
  });

  for (const value of [NaN, Infinity, -1, 1e300, 0.5]) {
    it(`stays valid with a count of ${value} in a registry of the app`, () => {
      const collected = createMetricsFixture().collect();
      const sample = (name: string, ...labels: [string, string][]): object => ({
        ...{ name: `h${name}`, labels, value, exemplar: undefined },
      });
      const samples = [sample("_bucket", ["le", "1"]), sample("_count"), sample("_sum")];
      const metric = { name: "h", help: "", type: "histogram", samples } as never;
      const families = parseProtobufPage(pageBytes(collected, { registryMetrics: [metric] }));
      const { count, bucket } = families.at(-1)!.metric[0]!.histogram!;
      assert.deepEqual([Number(count), Number(bucket[0]!.count)], [0, 0]);
    });
  }
});

/** Collects every kind of instrument, and names and values that are hard to write. */
function everything(): ResourceMetrics {
  const { store, collect } = createMetricsFixture("always_on");
  const attributes = { le: "x", quantile: "y", "a.b": '"\\\n', a_b: "€", größe: 1, empty: "" };
  const span = collectingProvider({}).provider.getTracer("t").startSpan("work");
  const context = ROOT_CONTEXT.withSpan(span);
  for (const [name, version] of [["telltale"], ["app", "1"]] as [string, string?][]) {
    const meter = store.provider.getMeter(name, version);
    const create = { description: 'a "d" \\ of\nlines', unit: "s" };
    meter.createCounter("größe.orders", create).add(1.5, attributes, context);
    const histogram = meter.createHistogram("größe.checkout", create);
    for (const value of [0, 0.3, 0.3, 7, 1e9]) histogram.record(value, attributes, context);
    histogram.record(2);
    histogram.record(2, { "otel.scope.name": "mine", text: "x".repeat(300) });
    meter.createUpDownCounter("basket", { ...create, unit: "By" }).add(-1, attributes);
    const gauge = meter.createGauge("load", { ...create, unit: "1" });
    for (const value of [Infinity, -Infinity, 1e21, 1e-7, -0]) gauge.record(value, { value });
    meter.createSummary("größe.parcel", { unit: "g" }).record(1250, attributes);
  }
  return collect();
}

function pagePiecesOf(collected: ResourceMetrics): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  pageBytes(collected, { onPiece: (piece) => pieces.push(piece) });
  return pieces;
}

function sorted(samples: readonly ExpositionSample[]): string[] {
  return samples
    .map(({ name, labels, value }) => {
      const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
      return `${name} ${JSON.stringify(pairs)} ${value}`;
    })
    .toSorted();
}

function exemplarsOf({ metric }: ProtobufFamily): ProtobufExemplar[] {
  return metric
    .flatMap(({ counter, histogram }) => [
      counter?.exemplar,
      ...(histogram?.bucket.map(({ exemplar }) => exemplar) ?? []),
    ])
    .filter((exemplar) => exemplar !== undefined);
}

function exemplarText({ label, value, timestamp }: ProtobufExemplar): string {
  const labels = Object.entries(labelsOf(label)).map(([name, text]) => `${name}="${text}"`);
  const at = timestamp && ` ${secondsOf(timestamp)}`;
  return `{${labels.join(",")}} ${value}${at ?? ""}`;
}

function startsOf({ metric }: ProtobufFamily): number[] {
  return metric
    .map(({ counter, histogram, summary }) => (counter ?? histogram ?? summary)?.start)
    .filter((start) => start !== undefined)
    .map(secondsOf);
}

function secondsOf({ seconds, nanos = 0 }: { seconds: string; nanos?: number }): number {
  return Math.round(Number(seconds) * 1e3 + nanos / 1e6) / 1e3;
}
