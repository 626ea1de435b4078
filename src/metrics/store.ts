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
import type { Redactor } from "../redaction/redactor.ts";
import type { ExemplarFilter } from "./exemplars.ts";
import { describeValue } from "./instruments.ts";
import { StoreMeterProvider } from "./meter.ts";
import { ObservableRegistry } from "./observable-registry.ts";
import type { MetricReaderState } from "./reader-state.ts";

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
}

/** All metrics of the process, for any number of readers. */
export class MetricStore {
  readonly provider: StoreMeterProvider;
  /** The start of every total, in milliseconds since 1970. */
  readonly startedAt: number = Date.now();
  readonly #resource: Resource;
  readonly #diagnostics: Diagnostics;
  readonly #observableRegistry = new ObservableRegistry();
  #instrumentCount = 0;

  constructor({
    resource,
    diagnostics,
    exemplarFilter,
    redactor,
    flush = noopFlush,
  }: MetricStoreDeps) {
    this.#resource = resource;
    this.#diagnostics = diagnostics;
    this.provider = new StoreMeterProvider({
      observableRegistry: this.#observableRegistry,
      exemplarFilter,
      redactor,
      flush,
      tryRegister: () => this.#tryRegister(),
      warn: (name, what) => diagnostics.warn(`instrument ${name}`, `metric "${name}": ${what}`),
      debug: (name, what) => diagnostics.debug(`value ${name}`, `metric "${name}": ${what}`),
    });
  }

  /** Returns the `MetricProducer` for one reader; readers of the SDK accept it. */
  producer(readerState: MetricReaderState): MetricProducer {
    return { collect: (options) => this.collect(readerState, options) };
  }

  /** Runs all observable callbacks, then copies the series. Never rejects. */
  async collect(
    readerState: MetricReaderState,
    options?: MetricCollectOptions,
  ): Promise<CollectionResult> {
    const limit = options?.timeoutMillis ?? DEFAULT_CALLBACK_TIMEOUT_MS;
    // A callback that queries a database runs because of telltale: it is not the app's traffic.
    const errors = await runSuppressed(() => this.#observableRegistry.observe(limit));
    for (const error of errors) this.#report(error);
    return { resourceMetrics: this.snapshot(readerState), errors };
  }

  /** Collects synchronously, without the values of asynchronous callbacks. Never throws. */
  collectNow(readerState: MetricReaderState): ResourceMetrics {
    runSuppressed(() => this.#observableRegistry.observeNow());
    return this.snapshot(readerState);
  }

  /** Copies the series without running callbacks. */
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
      `more than ${MAX_INSTRUMENTS} instruments were created; further ones are not exported`,
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
