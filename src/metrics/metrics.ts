import { isMainThread, threadId, type Worker } from "node:worker_threads";
import type { MeterProvider } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { MetricProducer, ResourceMetrics, ScopeMetrics } from "@opentelemetry/sdk-metrics";
import { isUnloadable, lazy } from "../lazy.ts";
import type { StallObserver } from "../loop-activity.ts";
import type {
  Config,
  ExemplarFilterName,
  FurtherReader,
  MetricsConfig,
  MetricView,
} from "../config/config.ts";
import type { TelemetryCounters } from "../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { UnsentTelemetry } from "../diagnostics/unsent-telemetry.ts";
import type { ExitRequestFactory, Pipeline } from "../export/pipeline.ts";
import type { Redactor } from "../redaction/redactor.ts";
import { version } from "../version.ts";
import { type ExemplarFilter, exemplarFilters } from "./exemplars.ts";
import type { StoreMeter } from "./store-meter.ts";
import { type ExponentialSlot, TOTALS } from "./exponential-slots.ts";
import { MetricReaderState, type ReaderOptions } from "./reader-state.ts";
import type { MetricsPage, PrometheusReader } from "./prometheus/page.ts";
import { PeriodicReader, type PeriodicReaderDeps } from "./periodic-reader.ts";
import { OWN_SCOPE } from "./meter.ts";
import { noopMeter, noopMeterProvider } from "./noop.ts";
import { MetricStore } from "./store.ts";
import type { PageSharing } from "./cluster/page-sharing.ts";
import type { Registries, Registry } from "./registries/registries.ts";
import type { WorkerThreads } from "./threads/main.ts";

const loadThreads = lazy<typeof import("./threads/threads.ts")>("metrics/threads/threads.ts");
const loadPrometheus = lazy<typeof import("./prometheus/page.ts")>("metrics/prometheus/page.ts");
const loadSharing = lazy<typeof import("./cluster/page-sharing.ts")>(
  "metrics/cluster/page-sharing.ts",
);
const loadOtlp = lazy<typeof import("../export/otlp/exporter.ts")>("export/otlp/exporter.ts");
const loadRegistries = lazy<typeof import("./registries/registries.ts")>(
  "metrics/registries/registries.ts",
);
const loadRuntime = lazy<typeof import("./runtime/runtime.ts")>("metrics/runtime/runtime.ts");
const loadConsole = lazy<typeof import("./console.ts")>("metrics/console.ts");

export type { MetricsPage } from "./prometheus/page.ts";

export interface MetricsDeps {
  readonly config: Config;
  readonly resource: Resource;
  readonly redactor: Redactor;
  readonly counters: TelemetryCounters;
  readonly diagnostics: Diagnostics;
  readonly unsent?: UnsentTelemetry;
  /** Whether an extension of the app may add a reader. */
  readonly hasExtension?: boolean;
  /** Exports the metrics of an app to the viewer too, with its own counters. */
  readonly createViewerExporter?: PeriodicReaderDeps["createExporter"] | undefined;
  /** Knows more of stalls; undefined unless the app is being developed. */
  readonly stallObserver?: StallObserver | undefined;
}

/** Short, so that the charts of the viewer are live. */
const VIEWER_INTERVAL_MS = 5000;

/** The metrics pipeline: one store, read by the Prometheus page and the OTLP exporter. */
export interface Metrics extends Pipeline {
  /** The provider to register with the API: instruments of the app and its libraries record into the store. */
  readonly provider: MeterProvider;
  /** telltale's own meter, whose synchronous instruments also have `bind(attributes)`. */
  readonly meter: StoreMeter;
  /** Selects the exemplars of telltale's own metrics. */
  readonly exemplarFilter: ExemplarFilter;
  /** Whether values are unsent: always, if metrics are exported at an interval. */
  hasUnsent(): boolean;
  /** Adds a registry of the app, whose metrics are on the Prometheus page too. */
  addRegistry(registry: Registry): void;
  /** Adds views of the app's extension. */
  addViews(views: readonly MetricView[]): void;
  /** Returns what another reader collects, such as one of the app, which then reads the same store. */
  createProducer(temporality: MetricsConfig["temporality"]): MetricProducer;
  /** Connects a reader of the app (`IMetricReader`) to the SDK's store; else it reads a producer. */
  addReader?(reader: object): void;
  /** Starts the runtime metrics and the periodic export; returns at once. */
  start(): void;
  /** Returns all cumulative values of the store, without those of asynchronous callbacks. */
  collect(): ResourceMetrics;
  /**
   * Renders the Prometheus page.
   *
   * @param accept the request's `Accept` header, for the negotiation of the format.
   * @returns undefined if the Prometheus exporter is not configured.
   * @throws if the collection fails.
   */
  prometheusPage(accept: string | undefined): Promise<MetricsPage | undefined>;
  /**
   * Returns what shares the page with other processes of the app, the same one each time;
   * undefined if there is no page, or if its port differs between the processes.
   */
  sharePage(): PageSharing | undefined;
}

/** Creates the configured pipeline; nothing runs before `start`. */
export function createMetrics(options: MetricsDeps): Metrics {
  const { createViewerExporter, hasExtension } = options;
  const { exporters } = options.config.metrics;
  const isUnread =
    exporters.length === 0 && createViewerExporter === undefined && hasExtension !== true;
  return isUnread ? createNoopMetrics(options) : new StoreMetrics(options);
}

/** Creates the pipeline for `OTEL_METRICS_EXPORTER=none`. */
function createNoopMetrics({ resource }: MetricsDeps): Metrics {
  return {
    provider: noopMeterProvider,
    meter: noopMeter,
    exemplarFilter: exemplarFilters.always_off,
    hasUnsent: () => false,
    addRegistry: () => {},
    addViews: () => {},
    createProducer: () => ({
      collect: async () => ({ resourceMetrics: { resource, scopeMetrics: [] }, errors: [] }),
    }),
    start: () => {},
    collect: () => ({ resource, scopeMetrics: [] }),
    prometheusPage: async () => undefined,
    sharePage: () => undefined,
    flush: async () => {},
    drainForExit: () => [],
  };
}

class StoreMetrics implements Metrics {
  readonly isSnapshot = true;
  readonly provider: MeterProvider;
  readonly meter: StoreMeter;
  readonly exemplarFilter: ExemplarFilter;
  readonly #deps: MetricsDeps;
  readonly #store: MetricStore;
  readonly #readerState: MetricReaderState;
  readonly #periodicReaders: readonly PeriodicReader[];
  /** The exponential buckets of each reader that exports over OTLP. */
  readonly #slots: readonly ExponentialSlot[];
  #prometheusReader: PrometheusReader | undefined = undefined;
  #workers: WorkerThreads | undefined = undefined;
  #sharing: PageSharing | undefined = undefined;
  #registries: Registries | undefined = undefined;
  #isObservingRuntime = false;

  constructor(deps: MetricsDeps) {
    this.#deps = deps;
    this.exemplarFilter = exemplarFilters[exemplarFilterOf(deps.config)];
    const { views, intervalMs, prometheus } = deps.config.metrics;
    const readers = otlpReaders(deps.config);
    const longestMs = Math.max(intervalMs, ...readers.map((reader) => reader.intervalMs));
    this.#slots = readers.map(({ temporality }) =>
      temporality === "cumulative" ? TOTALS : { isTotal: false },
    );
    const native = this.#servesPrometheus() && prometheus.nativeHistograms;
    this.#store = new MetricStore({
      ...deps,
      metricCounters: deps.counters.metrics,
      exemplarFilter: this.exemplarFilter,
      exponential: {
        beside: native ? [TOTALS] : [],
        byDefault: this.#slots.filter((_slot, index) => readers[index]!.exponentialHistograms),
        byView: [TOTALS, ...this.#slots],
      },
      views,
      // A reader with delta temporality must have collected the last change.
      expireMs: views?.expireMs && Math.max(views.expireMs, 2 * longestMs),
      flush: {
        flush: (timeoutMs) => this.flush(timeoutMs),
        // The page stays: the admin server owns it, and a service is scraped until it ends.
        onShutdownComplete: () => {
          for (const reader of this.#periodicReaders) reader.stop();
        },
        timeoutMs: deps.config.metrics.timeoutMs,
      },
    });
    this.#readerState = new MetricReaderState("cumulative", this.#store.startedAt, {
      exponential: TOTALS,
      histograms: native ? "both" : "by_view",
      hasDuplicates: false,
    });
    this.provider = this.#store.provider;
    this.meter = this.#store.provider.getMeter(OWN_SCOPE, version);
    this.#periodicReaders = this.#createPeriodicReaders();
  }

  hasUnsent(): boolean {
    return this.#periodicReaders.length > 0 || this.#store.changes.size > 0;
  }

  start(): void {
    // The runtime metrics can wait until the app's own code has been loaded.
    setImmediate(() => this.#observeRuntime()).unref();
    for (const reader of this.#periodicReaders) reader.start();
    if (this.#servesPrometheus()) this.#connectThreads();
  }

  addRegistry(registry: Registry): void {
    if (!this.#servesPrometheus()) return;
    this.#registries ??= new (loadRegistries().Registries)(this.#deps.diagnostics);
    this.#registries.add(registry);
  }

  addViews(views: readonly MetricView[]): void {
    this.#store.addViews(views);
  }

  createProducer(temporality: MetricsConfig["temporality"]): MetricProducer {
    const labels = isMainThread ? undefined : { "thread.id": threadId };
    const state = new MetricReaderState(temporality, this.#store.startedAt, {
      labels,
      ...(temporality === "cumulative" && { exponential: TOTALS }),
      ownsExtremes: false,
    });
    return {
      collect: (options) => {
        this.#observeRuntime();
        return this.#store.collect(state, options);
      },
    };
  }

  collect(): ResourceMetrics {
    this.#observeRuntime();
    return this.#store.collectNow(this.#readerState);
  }

  async prometheusPage(accept: string | undefined): Promise<MetricsPage | undefined> {
    if (!this.#servesPrometheus()) return undefined;
    this.#observeRuntime();
    this.#prometheusReader ??= this.#createPrometheusReader();
    return this.#prometheusReader.collectPage(accept);
  }

  sharePage(): PageSharing | undefined {
    if (!this.#servesPrometheus() || this.#deps.config.admin.port === 0) return undefined;
    this.#sharing ??= this.#createSharing();
    return this.#sharing;
  }

  async flush(timeoutMs: number): Promise<void> {
    await Promise.all(this.#periodicReaders.map((reader) => reader.flush(timeoutMs)));
  }

  drainForExit(): ExitRequestFactory[] {
    this.#runSafely(() => this.#sharing?.flushForExit());
    return this.#periodicReaders.flatMap((reader) => reader.drainForExit());
  }

  #servesPrometheus(): boolean {
    return this.#deps.config.metrics.exporters.includes("prometheus");
  }

  /** Adds worker threads to the page, which the main thread serves for the whole process. */
  #connectThreads(): void {
    if (isMainThread) {
      process.on("worker", (worker: Worker) => this.#runSafely(() => this.#trackWorker(worker)));
      return;
    }
    const collect = async (): Promise<ScopeMetrics[]> => {
      this.#observeRuntime();
      return (await this.#store.collect(this.#readerState)).resourceMetrics.scopeMetrics;
    };
    const collectNow = (): ScopeMetrics[] => this.collect().scopeMetrics;
    loadThreads().serveMainThread({ collect, collectNow });
  }

  #trackWorker(worker: Worker): void {
    this.#workers ??= new (loadThreads().WorkerThreads)();
    this.#workers.track(worker);
  }

  #createPrometheusReader(): PrometheusReader {
    const { PrometheusReader: Reader } = loadPrometheus();
    return new Reader({
      producer: this.#store.producer(this.#readerState),
      config: this.#deps.config.metrics.prometheus,
      ownScope: OWN_SCOPE,
      counters: this.#deps.counters.metrics,
      diagnostics: this.#deps.diagnostics,
      collectRegistries: async () => this.#registries?.collect() ?? [],
      addWorkerThreads: async (mainThread) => {
        const own = (await this.#workers?.mergeInto(mainThread)) ?? mainThread;
        return (await this.#sharing?.mergeInto(own)) ?? own;
      },
    });
  }

  #createSharing(): PageSharing {
    const { config, resource, diagnostics, unsent } = this.#deps;
    const { changes } = this.#store;
    const { "service.namespace": namespace = "", "service.name": name = "" } = resource.attributes;
    const readerState = this.#readerState;
    return new (loadSharing().PageSharing)({
      identity: [config.admin.host, config.admin.port, String(namespace), String(name)],
      rules: config.metrics.mergeRules,
      diagnostics,
      source: {
        changes,
        watch: (onFirst) =>
          changes.watch(() => {
            unsent?.mark();
            onFirst();
          }),
        collect: async (filter) => {
          this.#observeRuntime();
          const { resourceMetrics } = await this.#store.collect(readerState, {}, filter);
          return resourceMetrics.scopeMetrics;
        },
        collectNow: (filter) => this.#store.collectNow(readerState, filter).scopeMetrics,
        snapshot: (filter) => this.#store.snapshot(readerState, filter).scopeMetrics,
        threads: async () => this.#workers?.mergeInto([]),
        knownThreads: () => this.#workers?.mergeKnown([]) ?? [],
      },
    });
  }

  #createPeriodicReaders(): PeriodicReader[] {
    const { config, counters, diagnostics, createViewerExporter } = this.#deps;
    const { exporters } = config.metrics;
    // Each worker thread exports its own series; two writers of one series would overwrite each other.
    const labels = isMainThread ? undefined : { "thread.id": threadId };
    const createReaderState = (
      preference: MetricsConfig["temporality"],
      options?: ReaderOptions,
    ): MetricReaderState =>
      new MetricReaderState(preference, this.#store.startedAt, { labels, ...options });
    const readers: PeriodicReader[] = [];
    for (const [index, reader] of otlpReaders(config).entries()) {
      const state = createReaderState(reader.temporality, {
        exponential: this.#slots[index],
        histograms: reader.exponentialHistograms ? "exponential" : "by_view",
      });
      const createExporter: PeriodicReaderDeps["createExporter"] = () =>
        loadOtlp().createMetricExporter(reader.otlp, diagnostics);
      // The counters are of the first one.
      const own = index === 0 ? counters.metrics : undefined;
      readers.push(this.#createPeriodicReader(state, createExporter, own, reader));
    }
    if (exporters.includes("console")) {
      readers.push(
        this.#createPeriodicReader(createReaderState("cumulative"), lazyConsoleExporter, undefined),
      );
    }
    if (createViewerExporter !== undefined) {
      const state = createReaderState("cumulative");
      const times = { intervalMs: VIEWER_INTERVAL_MS, timeoutMs: VIEWER_INTERVAL_MS };
      readers.push(this.#createPeriodicReader(state, createViewerExporter, undefined, times));
    }
    return readers;
  }

  #createPeriodicReader(
    readerState: MetricReaderState,
    createExporter: PeriodicReaderDeps["createExporter"],
    counters: PeriodicReaderDeps["counters"],
    settings: Pick<PeriodicReaderDeps, "intervalMs" | "timeoutMs" | "maxBatchSize"> = this.#deps
      .config.metrics,
  ): PeriodicReader {
    return new PeriodicReader({
      intervalMs: settings.intervalMs,
      timeoutMs: settings.timeoutMs,
      maxBatchSize: settings.maxBatchSize,
      counters,
      createExporter,
      diagnostics: this.#deps.diagnostics,
      ...(this.#deps.unsent !== undefined && { unsent: this.#deps.unsent }),
      collect: (limits) => {
        this.#observeRuntime();
        return this.#store.collect(readerState, limits);
      },
      collectNow: () => {
        this.#observeRuntime();
        return this.#store.collectNow(readerState);
      },
    });
  }

  /** Starts the metrics of runtime, process and telemetry counters, once. */
  #observeRuntime(): void {
    if (this.#isObservingRuntime) return;
    this.#isObservingRuntime = true;
    const { config, counters, stallObserver } = this.#deps;
    this.#runSafely(() =>
      this.#loadRuntime().observeRuntime({
        meter: this.meter,
        config,
        counters,
        stallObserver,
        instruments: () => this.#store.instruments(),
      }),
    );
  }

  /** The next collection tries again if no file descriptor is left. */
  #loadRuntime(): ReturnType<typeof loadRuntime> {
    try {
      return loadRuntime();
    } catch (error) {
      this.#isObservingRuntime = !isUnloadable(error);
      throw error;
    }
  }

  /** Runs code without a caller that would catch: an error would crash the app. */
  #runSafely(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#deps.diagnostics.error("metrics", `metrics are incomplete: ${String(error)}`);
    }
  }
}

/** Returns what exports over OTLP: the configured reader, and the further ones of a configuration file. */
function otlpReaders({ metrics }: Config): readonly FurtherReader[] {
  const { exporters, further = [] } = metrics;
  return exporters.includes("otlp") ? [metrics, ...further] : further;
}

const lazyConsoleExporter: PeriodicReaderDeps["createExporter"] = () =>
  loadConsole().createConsoleMetricExporter();

/** Returns the configured filter; without exported traces, none: an exemplar would be a dead link. */
function exemplarFilterOf({ metrics, traces }: Config): ExemplarFilterName {
  return traces.exporters.length === 0 ? "always_off" : metrics.exemplarFilter;
}
