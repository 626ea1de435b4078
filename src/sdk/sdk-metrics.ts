import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import {
  ConsoleMetricExporter,
  type IMetricReader,
  type MeterProvider,
  type MetricProducer,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import type { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import { runWithDeadline } from "../export/deadline.ts";
import type { ExitRequestFactory } from "../export/pipeline.ts";
import { lazy } from "../lazy.ts";
import { exemplarFilters } from "../metrics/exemplars.ts";
import { OWN_SCOPE } from "../metrics/meter.ts";
import type { Metrics, MetricsPage } from "../metrics/metrics.ts";
import { countDataPoints } from "../metrics/divide-metrics.ts";
import type { StoreMeter } from "../metrics/store-meter.ts";
import { version } from "../version.ts";
import { collectNow } from "./collect-now.ts";
import { createMetricExporter, exitRequests } from "./otlp-exporters.ts";
import type { SdkDeps } from "./sdk-deps.ts";
import { SdkMeter } from "./sdk-meter.ts";

const loadRuntime = lazy<typeof import("../metrics/runtime/runtime.ts")>(
  "metrics/runtime/runtime.ts",
);

/** The SDK's readers of metrics, which are created before its provider. */
export class SdkReaders {
  readonly prometheus: PrometheusExporter | undefined;
  readonly otlp: PeriodicExportingMetricReader | undefined;
  readonly all: readonly IMetricReader[];

  constructor({ config: { metrics }, counters }: SdkDeps) {
    const { exporters, intervalMs, timeoutMs } = metrics;
    const times = {
      exportIntervalMillis: intervalMs,
      exportTimeoutMillis: Math.min(timeoutMs, intervalMs),
    };
    this.prometheus = exporters.includes("prometheus")
      ? new PrometheusExporter({ preventServerStart: true })
      : undefined;
    this.otlp = exporters.includes("otlp")
      ? new PeriodicExportingMetricReader({
          ...times,
          exporter: countingExporter(createMetricExporter(metrics), counters.metrics),
        })
      : undefined;
    const console = exporters.includes("console")
      ? new PeriodicExportingMetricReader({ ...times, exporter: new ConsoleMetricExporter() })
      : undefined;
    this.all = [this.prometheus, this.otlp, console].filter((reader) => reader !== undefined);
  }
}

/** Counts what an exporter delivers. */
function countingExporter(
  exporter: PushMetricExporter,
  counters: SignalCounters,
): PushMetricExporter {
  return {
    export(metrics, resultCallback) {
      const points = countDataPoints(metrics);
      counters.created += points;
      exporter.export(metrics, (result) => {
        if (result.code === 0) counters.sent += points;
        else counters.drop("failed", points);
        resultCallback(result);
      });
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
    selectAggregation: (kind) => exporter.selectAggregation?.(kind) ?? { type: 0 },
    selectAggregationTemporality: (kind) => exporter.selectAggregationTemporality?.(kind) ?? 1,
  };
}

/** The metrics pipeline of the SDK: its provider, and its exporter for Prometheus. */
export class SdkMetrics implements Metrics {
  readonly isSnapshot = true;
  readonly provider: MeterProvider;
  readonly meter: StoreMeter;
  readonly exemplarFilter: Metrics["exemplarFilter"] = exemplarFilters.always_off;
  readonly #deps: SdkDeps;
  readonly #readers: SdkReaders;
  readonly #serializer = new PrometheusSerializer();
  #isObservingRuntime = false;

  constructor(deps: SdkDeps, provider: MeterProvider, readers: SdkReaders) {
    this.#deps = deps;
    this.provider = provider;
    this.meter = new SdkMeter(provider.getMeter(OWN_SCOPE, version));
    this.#readers = readers;
  }

  hasUnsent(): boolean {
    return this.#readers.otlp !== undefined;
  }

  /** The registries of the app have no place on the SDK's page. */
  addRegistry(): void {
    this.#deps.diagnostics.warn(
      "sdk registry",
      "the metrics of prom-client are not on the Prometheus page with TELLTALE_PIPELINE=sdk",
    );
  }

  addViews(): void {
    this.#deps.diagnostics.warn(
      "sdk views",
      "the views of the extension have no effect with TELLTALE_PIPELINE=sdk",
    );
  }

  /** Returns what the SDK's first reader would collect. */
  createProducer(): MetricProducer {
    return { collect: async () => ({ resourceMetrics: this.collect(), errors: [] }) };
  }

  start(): void {
    setImmediate(() => this.#observeRuntime()).unref();
  }

  collect(): ResourceMetrics {
    const [reader] = this.#readers.all;
    this.#observeRuntime();
    if (reader !== undefined) return collectNow(this.provider, reader);
    return { resource: this.#deps.resource, scopeMetrics: [] };
  }

  async prometheusPage(): Promise<MetricsPage | undefined> {
    const { prometheus } = this.#readers;
    if (prometheus === undefined) return undefined;
    this.#observeRuntime();
    const { resourceMetrics } = await prometheus.collect();
    return {
      contentType: "text/plain; version=0.0.4; charset=utf-8",
      body: Buffer.from(this.#serializer.serialize(resourceMetrics)),
    };
  }

  /** Each process of a cluster has its own page, as with the SDK alone. */
  sharePage(): undefined {}

  async flush(timeoutMs: number): Promise<void> {
    const { otlp } = this.#readers;
    if (otlp === undefined) return;
    await runWithDeadline(timeoutMs, () => otlp.forceFlush().catch(() => {}));
  }

  drainForExit(): ExitRequestFactory[] {
    const { otlp } = this.#readers;
    if (otlp === undefined) return [];
    const { config, counters } = this.#deps;
    this.#observeRuntime();
    return [
      () => {
        const metrics = collectNow(this.provider, otlp);
        const points = countDataPoints(metrics);
        if (points === 0) return undefined;
        counters.metrics.created += points;
        return exitRequests.metrics(config.metrics.otlp, metrics, (delivered) => {
          if (delivered) counters.metrics.sent += points;
          else counters.metrics.drop("shutdown", points);
        });
      },
    ];
  }

  /** Starts the metrics of runtime, process and telemetry counters, once. */
  #observeRuntime(): void {
    if (this.#isObservingRuntime) return;
    this.#isObservingRuntime = true;
    const { config, counters, diagnostics } = this.#deps;
    try {
      const deps = { config, counters, stallObserver: undefined, instruments: () => [] };
      loadRuntime().observeRuntime({ ...deps, meter: this.meter });
    } catch (error) {
      diagnostics.error("metrics", `metrics are incomplete: ${String(error)}`);
    }
  }
}
