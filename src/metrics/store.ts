import type { Resource } from "@opentelemetry/resources";
import type {
  CollectionResult,
  MetricCollectOptions,
  MetricProducer,
  ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import { now } from "../clock.ts";
import type { MetricView, MetricViewsConfig } from "../config/config.ts";
import { runSuppressed } from "../context/manager.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import { type ProviderFlushDeps, noopFlush } from "../export/provider-flush.ts";
import { lazy } from "../lazy.ts";
import type { Redactor } from "../redaction/redactor.ts";
import type { ExemplarFilter } from "./exemplars.ts";
import { type ExponentialReaders, NO_READERS } from "./exponential-slots.ts";
import type { InstrumentReporter } from "./instruments.ts";
import { type StoreInstrument, StoreMeterProvider } from "./meter.ts";
import { type CallbackFailure, ObservableRegistry } from "./observable-registry.ts";
import type { MetricReaderState, SeriesFilter } from "./reader-state.ts";
import { SeriesChanges } from "./series/series-changes.ts";
import type { SeriesExpiry } from "./series/series-expiry.ts";

const loadExpiry = lazy<typeof import("./series/series-expiry.ts")>(
  "metrics/series/series-expiry.ts",
);
const loadViews = lazy<typeof import("./views/views.ts")>("metrics/views/views.ts");

/** An app has tens of instruments; one that creates an instrument per request must not exhaust the memory. */
const MAX_INSTRUMENTS = 5000;

/** How long callbacks of observables may take when a reader sets no limit. */
const DEFAULT_CALLBACK_TIMEOUT_MS = 5000;

interface MetricStoreDeps {
  readonly resource: Resource;
  readonly diagnostics: Diagnostics;
  readonly exemplarFilter: ExemplarFilter;
  readonly redactor: Redactor;
  readonly flush?: ProviderFlushDeps;
  /** The time of collections is added here. */
  readonly metricCounters?: SignalCounters;
  /** The readers that need exponential buckets of histograms. Default: none. */
  readonly exponential?: ExponentialReaders;
  /** Changes of instruments. Default: none. */
  readonly views?: MetricViewsConfig | undefined;
  /** How long a series without measurements is kept, in milliseconds. Default: for ever. */
  readonly expireMs?: number | undefined;
}

/** All metrics of the process, for any number of readers. */
export class MetricStore {
  readonly provider: StoreMeterProvider;
  /** The start of every total, in milliseconds since 1970. */
  readonly startedAt: number = Date.now();
  readonly changes: SeriesChanges = new SeriesChanges();
  readonly #resource: Resource;
  readonly #diagnostics: Diagnostics;
  readonly #counters: SignalCounters;
  readonly #observableRegistry = new ObservableRegistry();
  readonly #expiry: SeriesExpiry | undefined;
  #addedViews: readonly MetricView[] | undefined = undefined;
  #instrumentCount = 0;

  constructor({
    resource,
    diagnostics,
    exemplarFilter,
    redactor,
    flush = noopFlush,
    metricCounters = new SignalCounters(),
    exponential = NO_READERS,
    views,
    expireMs,
  }: MetricStoreDeps) {
    this.#expiry = expireMs === undefined ? undefined : new (loadExpiry().SeriesExpiry)(expireMs);
    this.#resource = resource;
    this.#counters = metricCounters;
    this.#diagnostics = diagnostics;
    this.provider = new StoreMeterProvider({
      observableRegistry: this.#observableRegistry,
      exemplarFilter,
      redactor,
      flush,
      exponential,
      changes: this.changes,
      tryRegister: () => this.#tryRegister(),
      report: this.#reportProblem,
      streamsOf: (descriptor, scope) => {
        const added = this.#addedViews;
        if (views === undefined && added === undefined) return [descriptor];
        return loadViews().streamsOf(descriptor, scope, views, added, diagnostics);
      },
    });
  }

  /** Adds views of the app's extension, also for instruments that have no measurement yet. */
  addViews(views: readonly MetricView[]): void {
    this.#addedViews = views;
    for (const meter of this.provider.meters()) meter.describeAgain();
  }

  /** Returns the `MetricProducer` for one reader; readers of the SDK accept it. */
  producer(readerState: MetricReaderState): MetricProducer {
    return { collect: (options) => this.collect(readerState, options) };
  }

  /** Runs all observable callbacks, then copies the series. Never rejects. */
  async collect(
    readerState: MetricReaderState,
    options?: MetricCollectOptions,
    filter?: SeriesFilter,
  ): Promise<CollectionResult> {
    const limit = options?.timeoutMillis ?? DEFAULT_CALLBACK_TIMEOUT_MS;
    // A callback that queries a database runs because of telltale: it is not the app's traffic.
    const failures = await runSuppressed(() => this.#observableRegistry.observe(limit));
    for (const failure of failures) this.#reportFailure(failure);
    const errors = failures.map(
      ({ instrument, what }) => new Error(`${instrument.descriptor.name}: ${what}`),
    );
    return { resourceMetrics: this.snapshot(readerState, filter), errors };
  }

  /** Collects synchronously, without the values of asynchronous callbacks. Never throws. */
  collectNow(readerState: MetricReaderState, filter?: SeriesFilter): ResourceMetrics {
    runSuppressed(() => this.#observableRegistry.observeNow());
    return this.snapshot(readerState, filter);
  }

  /** Iterates over all instruments. */
  *instruments(): IterableIterator<StoreInstrument> {
    for (const meter of this.provider.meters()) yield* meter.instruments();
  }

  /** Copies the series without running callbacks; with a filter, only those that it accepts. */
  snapshot(readerState: MetricReaderState, filter?: SeriesFilter): ResourceMetrics {
    const { round } = this.#observableRegistry;
    const scopeMetrics = this.#counters.measure(() => {
      this.#expiry?.removeUnused(this.instruments(), now());
      return readerState.collect(this.provider.meters(), round, filter);
    });
    return { resource: this.#resource, scopeMetrics };
  }

  readonly #reportProblem: InstrumentReporter = (kind, name, what) =>
    this.#diagnostics.warn(`${kind} ${name}`, `metric "${name}": ${what}`);

  /** An app can't correct the callbacks of telltale, which are late if the machine is busy. */
  #reportFailure({ instrument: { descriptor, isOwn }, what }: CallbackFailure): void {
    if (!isOwn) this.#reportProblem("callback", descriptor.name, what);
    else
      this.#diagnostics.debug(
        `callback ${descriptor.name}`,
        `metric "${descriptor.name}": ${what}`,
      );
  }

  #tryRegister(): boolean {
    this.#instrumentCount += 1;
    if (this.#instrumentCount <= MAX_INSTRUMENTS) return true;
    this.#diagnostics.warn(
      "instrument limit",
      `more than ${MAX_INSTRUMENTS} instruments were created; further ones are not exported`,
    );
    return false;
  }
}
