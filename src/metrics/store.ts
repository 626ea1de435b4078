import type { Resource } from "@opentelemetry/resources";
import type {
  CollectionResult,
  MetricCollectOptions,
  MetricProducer,
  ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import { runSuppressed } from "../context/manager.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { type FlushParts, nothingToFlush } from "../export/provider-flush.ts";
import type { ExampleOf } from "./exemplars.ts";
import { describeValue } from "./instruments.ts";
import { StoreMeterProvider } from "./meter.ts";
import { Callbacks } from "./observables.ts";
import type { View } from "./points.ts";

/** An app has tens of instruments; one that makes a new one per request must not eat the memory. */
const INSTRUMENT_LIMIT = 5000;

/** How long callbacks of observables may take when a reader sets no limit. */
const CALLBACK_LIMIT_MS = 5000;

/** All numbers of the process, and the ways to look at them. */
export class Store {
  readonly provider: StoreMeterProvider;
  /** Epoch milliseconds; where every total counts from. */
  readonly began: number = Date.now();
  readonly #resource: Resource;
  readonly #diagnostics: Diagnostics;
  readonly #callbacks = new Callbacks();
  #instruments = 0;

  constructor(
    resource: Resource,
    diagnostics: Diagnostics,
    exampleOf: ExampleOf,
    flush: FlushParts = nothingToFlush,
  ) {
    this.#resource = resource;
    this.#diagnostics = diagnostics;
    this.provider = new StoreMeterProvider({
      callbacks: this.#callbacks,
      exampleOf,
      flush,
      admit: () => this.#admit(),
      warn: (name, what) => diagnostics.warn(`instrument ${name}`, `metric "${name}": ${what}`),
      debug: (name, what) => diagnostics.debug(`value ${name}`, `metric "${name}": ${what}`),
    });
  }

  /** The `MetricProducer` for one reader, any of the SDK's included. */
  producer(view: View): MetricProducer {
    return { collect: (options) => this.collect(view, options) };
  }

  /** Asks all observables, then copies what the view shows. Never rejects. */
  async collect(view: View, options?: MetricCollectOptions): Promise<CollectionResult> {
    const limit = options?.timeoutMillis ?? CALLBACK_LIMIT_MS;
    // A callback that queries a database is our doing, not the app's traffic.
    const errors = await runSuppressed(() => this.#callbacks.observe(limit));
    for (const error of errors) this.#report(error);
    return { resourceMetrics: this.take(view), errors };
  }

  /** The same at once, without what asynchronous callbacks would say. Never throws. */
  collectNow(view: View): ResourceMetrics {
    runSuppressed(() => this.#callbacks.observeNow());
    return this.take(view);
  }

  /** What the view shows now, without asking anybody. */
  take(view: View): ResourceMetrics {
    return {
      resource: this.#resource,
      scopeMetrics: view.take(this.provider.meters(), this.#callbacks.round),
    };
  }

  #admit(): boolean {
    this.#instruments += 1;
    if (this.#instruments <= INSTRUMENT_LIMIT) return true;
    this.#diagnostics.warn(
      "instrument limit",
      `more than ${INSTRUMENT_LIMIT} instruments were made; further ones are not exported`,
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
