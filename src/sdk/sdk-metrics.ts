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
import type { FurtherReader, MetricView } from "../config/config.ts";
import { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import { runWithDeadline } from "../export/deadline.ts";
import type { ExitRequestFactory } from "../export/pipeline.ts";
import { lazy } from "../lazy.ts";
import { exemplarFilters } from "../metrics/exemplars.ts";
import { OWN_SCOPE } from "../metrics/meter.ts";
import type { Metrics, MetricsPage } from "../metrics/metrics.ts";
import { countDataPoints } from "../metrics/divide-metrics.ts";
import type { StoreMeter } from "../metrics/store-meter.ts";
import { version } from "../version.ts";
import { connectAppReader } from "./app-reader.ts";
import { collectNow } from "./collect-now.ts";
import { createMetricExporter, exitRequests } from "./otlp-exporters.ts";
import type { SdkDeps } from "./sdk-deps.ts";
import { SdkMeter } from "./sdk-meter.ts";
import { SdkViews } from "./sdk-views.ts";

const loadRuntime = lazy<typeof import("../metrics/runtime/runtime.ts")>(
  "metrics/runtime/runtime.ts",
);

/** The SDK's readers of metrics, which are created before its provider. */
export class SdkReaders {
  readonly prometheus: PrometheusExporter | undefined;
  /** The configured one, and the further ones of a configuration file. */
  readonly otlp: readonly OtlpReader[];
  readonly all: readonly IMetricReader[];

  constructor({ config: { metrics }, counters }: SdkDeps) {
    const { exporters, further = [] } = metrics;
    this.prometheus = exporters.includes("prometheus")
      ? new PrometheusExporter({ preventServerStart: true })
      : undefined;
    this.otlp = [
      ...(exporters.includes("otlp") ? [otlpReader(metrics, counters.metrics)] : []),
      ...further.map((config) => otlpReader(config, new SignalCounters())),
    ];
    const console = exporters.includes("console")
      ? periodicReader(metrics, new ConsoleMetricExporter())
      : undefined;
    const readers = [this.prometheus, ...this.otlp.map(({ reader }) => reader), console];
    this.all = readers.filter((reader) => reader !== undefined);
  }
}

interface OtlpReader {
  readonly config: FurtherReader;
  readonly reader: PeriodicExportingMetricReader;
  readonly counters: SignalCounters;
}

function otlpReader(config: FurtherReader, counters: SignalCounters): OtlpReader {
  const exporter = countingExporter(createMetricExporter(config), counters);
  return { config, counters, reader: periodicReader(config, exporter) };
}

function periodicReader(
  { intervalMs, timeoutMs }: FurtherReader,
  exporter: PushMetricExporter,
): PeriodicExportingMetricReader {
  return new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: Math.min(timeoutMs, intervalMs),
  });
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

  readonly #views: SdkViews;

  constructor(deps: SdkDeps, provider: MeterProvider, readers: SdkReaders) {
    this.#deps = deps;
    this.provider = provider;
    this.#views = new SdkViews(deps.config.metrics.views, deps.diagnostics);
    this.#views.applyTo(provider);
    this.meter = new SdkMeter(provider.getMeter(OWN_SCOPE, version));
    this.#readers = readers;
  }

  hasUnsent(): boolean {
    return this.#readers.otlp.length > 0;
  }

  /** The registries of the app have no place on the SDK's page. */
  addRegistry(): void {
    this.#deps.diagnostics.warn(
      "sdk registry",
      "the metrics of prom-client are not on the Prometheus page with TELLTALE_PIPELINE=sdk",
    );
  }

  addViews(views: readonly MetricView[]): void {
    this.#views.add(views);
  }

  addReader(reader: object): void {
    connectAppReader(this.provider, reader);
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
    const flushes = this.#readers.otlp.map(({ reader }) =>
      runWithDeadline(timeoutMs, () => reader.forceFlush().catch(() => {})),
    );
    await Promise.all(flushes);
  }

  drainForExit(): ExitRequestFactory[] {
    const { otlp } = this.#readers;
    if (otlp.length === 0) return [];
    this.#observeRuntime();
    return otlp.map(({ reader, config, counters }) => () => {
      const metrics = collectNow(this.provider, reader);
      const points = countDataPoints(metrics);
      if (points === 0) return undefined;
      counters.created += points;
      return exitRequests.metrics(config.otlp, metrics, (delivered) => {
        if (delivered) counters.sent += points;
        else counters.drop("shutdown", points);
      });
    });
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
