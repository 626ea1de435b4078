import type { Config, ExemplarFilterName, MetricViewsConfig } from "../../src/config/config.ts";
import { exemplarFilters } from "../../src/metrics/exemplars.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import {
  createTelemetryCounters,
  type TelemetryCounters,
} from "../../src/diagnostics/telemetry-counters.ts";
import { environmentOf } from "../../src/env.ts";
import { createMetrics, type Metrics } from "../../src/metrics/metrics.ts";
import { type ExponentialSlot, TOTALS } from "../../src/metrics/exponential-slots.ts";
import { MetricReaderState } from "../../src/metrics/reader-state.ts";
import { MetricStore } from "../../src/metrics/store.ts";
import type { DataPoint, Histogram, MetricData, ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { Redactor } from "../../src/redaction/redactor.ts";
import { redactor } from "../redaction/default-redactor.ts";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";

export const shopResource: Resource = resourceFromAttributes({ "service.name": "shop" });

/** A store, its diagnostic lines, and a function that collects. */
export interface MetricsFixture {
  readonly store: MetricStore;
  readonly lines: string[];
  readonly collect: (readerState?: MetricReaderState) => ResourceMetrics;
}

export function createMetricsFixture(
  exemplars: ExemplarFilterName = "trace_based",
  views?: MetricViewsConfig,
  {
    exponential = [],
    native = false,
  }: { exponential?: readonly ExponentialSlot[]; native?: boolean } = {},
): MetricsFixture {
  const lines: string[] = [];
  const diagnostics = new Diagnostics("debug", (text) => lines.push(text));
  const store = new MetricStore({
    resource: shopResource,
    diagnostics,
    redactor,
    exemplarFilter: exemplarFilters[exemplars],
    views,
    exponential: {
      beside: native ? [TOTALS] : [],
      byDefault: exponential,
      byView: [TOTALS, ...exponential],
    },
  });
  const readerState = new MetricReaderState("cumulative", store.startedAt, {
    exponential: TOTALS,
    histograms: native ? "both" : "by_view",
  });
  return { store, lines, collect: (state = readerState) => store.collectNow(state) };
}

/** Creates the whole pipeline from environment variables. */
export function createMetricsPipeline(variables: Readonly<Record<string, string>> = {}): {
  readonly metrics: Metrics;
  readonly counters: TelemetryCounters;
  readonly config: Config;
  readonly diagnostics: Diagnostics;
  readonly lines: string[];
  readonly redactor: Redactor;
} {
  const lines: string[] = [];
  const { config } = parseConfig(environmentOf(variables));
  const diagnostics = new Diagnostics("debug", (text) => lines.push(text));
  const counters = createTelemetryCounters();
  const metrics = createMetrics({
    config,
    resource: shopResource,
    redactor,
    counters,
    diagnostics,
  });
  return { metrics, counters, config, diagnostics, lines, redactor };
}

/** Returns a metric of any scope by its name. */
export function metricOf(collected: ResourceMetrics, name: string): MetricData {
  const found = collected.scopeMetrics
    .flatMap(({ metrics }) => metrics)
    .find(({ descriptor }) => descriptor.name === name);
  if (found === undefined) throw new Error(`there is no metric ${name}`);
  return found;
}

export function numbersOf(collected: ResourceMetrics, name: string): readonly DataPoint<number>[] {
  return metricOf(collected, name).dataPoints as DataPoint<number>[];
}

export function histogramsOf(
  collected: ResourceMetrics,
  name: string,
): readonly DataPoint<Histogram>[] {
  return metricOf(collected, name).dataPoints as DataPoint<Histogram>[];
}

/** Returns the names of all metrics with data. */
export function metricNamesOf(collected: ResourceMetrics): string[] {
  return collected.scopeMetrics.flatMap(({ metrics }) =>
    metrics.map(({ descriptor }) => descriptor.name),
  );
}
