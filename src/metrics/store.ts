import type { Resource } from "@opentelemetry/resources";
import type {
  CollectionResult,
  MetricCollectOptions,
  MetricProducer,
  ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import { runSuppressed } from "../context/manager.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { type ProviderFlushDeps, noopFlush } from "../export/provider-flush.ts";
import type { ExemplarFilter } from "./exemplars.ts";
import { describeValue } from "./instruments.ts";
import { StoreMeterProvider } from "./meter.ts";
import { ObservableRegistry } from "./observable-registry.ts";
import type { MetricReaderState } from "./reader-state.ts";

/** An app has tens of instruments; one that makes a new one per request must not eat the memory. */
const MAX_INSTRUMENTS = 5000;

/** How long callbacks of observables may take when a reader sets no limit. */
const DEFAULT_CALLBACK_TIMEOUT_MS = 5000;

/** All numbers of the process, and the ways to look at them. */
export class MetricStore {
  readonly provider: StoreMeterProvider;
  /** Epoch milliseconds; where every total counts from. */
  readonly startedAt: number = Date.now();
  readonly #resource: Resource;
  readonly #diagnostics: Diagnostics;
  readonly #observableRegistry = new ObservableRegistry();
  #instrumentCount = 0;

  constructor(
    resource: Resource,
    diagnostics: Diagnostics,
    exemplarFilter: ExemplarFilter,
    flush: ProviderFlushDeps = noopFlush,
  ) {
    this.#resource = resource;
    this.#diagnostics = diagnostics;
    this.provider = new StoreMeterProvider({
      observableRegistry: this.#observableRegistry,
      exemplarFilter,
      flush,
      tryRegister: () => this.#tryRegister(),
      warn: (name, what) => diagnostics.warn(`instrument ${name}`, `metric "${name}": ${what}`),
      debug: (name, what) => diagnostics.debug(`value ${name}`, `metric "${name}": ${what}`),
    });
  }

  /** The `MetricProducer` for one reader, any of the SDK's included. */
  producer(readerState: MetricReaderState): MetricProducer {
    return { collect: (options) => this.collect(readerState, options) };
  }

  /** Asks all observables, then copies what the view shows. Never rejects. */
  async collect(
    readerState: MetricReaderState,
    options?: MetricCollectOptions,
  ): Promise<CollectionResult> {
    const limit = options?.timeoutMillis ?? DEFAULT_CALLBACK_TIMEOUT_MS;
    // A callback that queries a database is our doing, not the app's traffic.
    const errors = await runSuppressed(() => this.#observableRegistry.observe(limit));
    for (const error of errors) this.#report(error);
    return { resourceMetrics: this.snapshot(readerState), errors };
  }

  /** The same at once, without what asynchronous callbacks would say. Never throws. */
  collectNow(readerState: MetricReaderState): ResourceMetrics {
    runSuppressed(() => this.#observableRegistry.observeNow());
    return this.snapshot(readerState);
  }

  /** What the view shows now, without asking anybody. */
  snapshot(readerState: MetricReaderState): ResourceMetrics {
    return {
      resource: this.#resource,
      scopeMetrics: readerState.collect(this.provider.meters(), this.#observableRegistry.round),
    };
  }

  #tryRegister(): boolean {
    this.#instrumentCount += 1;
    if (this.#instrumentCount <= MAX_INSTRUMENTS) return true;
    this.#diagnostics.warn(
      "instrument limit",
      `more than ${MAX_INSTRUMENTS} instruments were made; further ones are not exported`,
    );
    return false;
  }

  #report(error: unknown): void {
    this.#diagnostics.warn(
      "observable callback",
      `a callback of an observable instrument failed: ${describeValue(error)}`,
    );
  }
}
