import { isMainThread, threadId, type Worker } from "node:worker_threads";
import type { MeterProvider } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { ResourceMetrics, ScopeMetrics } from "@opentelemetry/sdk-metrics";
import { lazy } from "../lazy.ts";
import type { Config, ExemplarFilter, MetricsConfig } from "../config/config.ts";
import type { Accounts } from "../diagnostics/account.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { Unsent } from "../diagnostics/unsent.ts";
import type { PendingRequest, Pipeline } from "../export/exit.ts";
import { version } from "../version.ts";
import { type ExampleOf, exampleRules } from "./exemplars.ts";
import type { StoreMeter } from "./store-meter.ts";
import { View } from "./points.ts";
import type { MetricsPage, PrometheusPage } from "./prometheus.ts";
import { Push, type PushOptions } from "./push.ts";
import { silentMeter, silentProvider } from "./silence.ts";
import { Store } from "./store.ts";
import type { WorkerThreads } from "./threads/main.ts";

const loadThreads = lazy<typeof import("./threads/threads.ts")>("metrics/threads/threads.ts");
const loadPrometheus = lazy<typeof import("./prometheus.ts")>("metrics/prometheus.ts");
const loadOtlp = lazy<typeof import("../export/otlp.ts")>("export/otlp.ts");
const loadRuntime = lazy<typeof import("./runtime/watch.ts")>("metrics/runtime/watch.ts");
const loadConsole = lazy<typeof import("./console.ts")>("metrics/console.ts");

export type { MetricsPage } from "./prometheus.ts";

/** Our own scope: its samples are the names of the contract. */
const OWN_SCOPE = "telltale";

export interface MetricsOptions {
  readonly config: Config;
  readonly resource: Resource;
  readonly accounts: Accounts;
  readonly diagnostics: Diagnostics;
  readonly unsent?: Unsent;
}

/** The metrics pipeline: one store, read by the Prometheus page and by OTLP. */
export interface Metrics extends Pipeline {
  /** For the API's global: every app's and library's instruments land in the store. */
  readonly provider: MeterProvider;
  /** Ours: the API's `Meter`, whose synchronous instruments also have `bind(attributes)`. */
  readonly meter: StoreMeter;
  /** Which spans the measurements of ours may be examples of. */
  readonly exampleOf: ExampleOf;
  /** Whether numbers are sent at an interval: the latest are always unsent. */
  readonly pushes: boolean;
  /** Starts the runtime metrics and the periodic export; returns at once. */
  start(): void;
  /** Everything that is in the store, cumulative. Observables whose callback is asynchronous are left out. */
  collect(): ResourceMetrics;
  /**
   * The Prometheus page.
   *
   * @param accept the request's `Accept` header, for the negotiation of the format.
   * @returns undefined if the Prometheus exporter is not configured.
   * @throws if the collection fails.
   */
  text(accept: string | undefined): Promise<MetricsPage | undefined>;
}

/** Makes the pipeline that the configuration asks for; nothing runs before `start`. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { exporters } = options.config.metrics;
  return exporters.length === 0 ? createSilence(options) : new StoreMetrics(options);
}

/** `OTEL_METRICS_EXPORTER=none`. */
function createSilence({ resource }: MetricsOptions): Metrics {
  return {
    provider: silentProvider,
    meter: silentMeter,
    exampleOf: exampleRules.always_off,
    pushes: false,
    start: () => {},
    collect: () => ({ resource, scopeMetrics: [] }),
    text: async () => undefined,
    flush: async () => {},
    pending: () => [],
  };
}

class StoreMetrics implements Metrics {
  readonly isState = true;
  readonly provider: MeterProvider;
  readonly meter: StoreMeter;
  readonly exampleOf: ExampleOf;
  readonly #options: MetricsOptions;
  readonly #store: Store;
  readonly #own: View;
  readonly #pushes: readonly Push[];
  #page: PrometheusPage | undefined = undefined;
  #workers: WorkerThreads | undefined = undefined;
  #watching = false;

  constructor(options: MetricsOptions) {
    this.#options = options;
    this.exampleOf = exampleRules[exemplarFilterOf(options.config)];
    this.#store = new Store(options.resource, options.diagnostics, this.exampleOf, {
      flush: (timeoutMs) => this.flush(timeoutMs),
      // The page stays: it is the admin server's, and a service that ends is still scraped.
      stopped: () => {
        for (const push of this.#pushes) push.stop();
      },
      timeoutMs: options.config.metrics.timeoutMs,
    });
    this.#own = new View("cumulative", this.#store.began);
    this.provider = this.#store.provider;
    this.meter = this.#store.provider.getMeter(OWN_SCOPE, version);
    this.#pushes = this.#createPushes();
  }

  get pushes(): boolean {
    return this.#pushes.length > 0;
  }

  start(): void {
    // Looking at the runtime can wait until the app's own code has been loaded.
    setImmediate(() => this.#watch()).unref();
    for (const push of this.#pushes) push.start();
    if (this.#hasPage()) this.#joinThreads();
  }

  collect(): ResourceMetrics {
    this.#watch();
    return this.#store.collectNow(this.#own);
  }

  async text(accept: string | undefined): Promise<MetricsPage | undefined> {
    if (!this.#hasPage()) return undefined;
    this.#watch();
    this.#page ??= this.#createPage();
    return this.#page.write(accept);
  }

  async flush(timeoutMs: number): Promise<void> {
    await Promise.all(this.#pushes.map((push) => push.flush(timeoutMs)));
  }

  pending(): PendingRequest[] {
    return this.#pushes.flatMap((push) => push.pending());
  }

  #hasPage(): boolean {
    return this.#options.config.metrics.exporters.includes("prometheus");
  }

  /** The one page of the process is the main thread's. */
  #joinThreads(): void {
    if (isMainThread) {
      process.on("worker", (worker: Worker) => this.#guard(() => this.#follow(worker)));
      return;
    }
    const collect = async (): Promise<ScopeMetrics[]> => {
      this.#watch();
      return (await this.#store.collect(this.#own)).resourceMetrics.scopeMetrics;
    };
    const collectNow = (): ScopeMetrics[] => this.collect().scopeMetrics;
    loadThreads().tellMainThread({ collect, collectNow });
  }

  #follow(worker: Worker): void {
    this.#workers ??= new (loadThreads().WorkerThreads)();
    this.#workers.follow(worker);
  }

  #createPage(): PrometheusPage {
    const { PrometheusPage: Page } = loadPrometheus();
    return new Page({
      producer: this.#store.producer(this.#own),
      ownScope: OWN_SCOPE,
      diagnostics: this.#options.diagnostics,
      wholeProcess: async (own) => this.#workers?.addTo(own) ?? own,
    });
  }

  #createPushes(): Push[] {
    const { config, accounts, diagnostics } = this.#options;
    const { exporters, temporality, otlp } = config.metrics;
    // A worker thread sends its own; two writers of one series would overwrite each other.
    const labels = isMainThread ? undefined : { "thread.id": threadId };
    const viewOf = (preference: MetricsConfig["temporality"]): View =>
      new View(preference, this.#store.began, labels);
    const pushes: Push[] = [];
    if (exporters.includes("otlp")) {
      const sender: PushOptions["sender"] = () => loadOtlp().createMetricSender(otlp, diagnostics);
      pushes.push(this.#createPush(viewOf(temporality), sender, accounts.metrics));
    }
    if (exporters.includes("console")) {
      pushes.push(this.#createPush(viewOf("cumulative"), consoleSender, undefined));
    }
    return pushes;
  }

  #createPush(view: View, sender: PushOptions["sender"], account: PushOptions["account"]): Push {
    const { intervalMs, timeoutMs } = this.#options.config.metrics;
    return new Push({
      intervalMs,
      timeoutMs,
      account,
      sender,
      diagnostics: this.#options.diagnostics,
      ...(this.#options.unsent !== undefined && { unsent: this.#options.unsent }),
      collect: (limits) => {
        this.#watch();
        return this.#store.collect(view, limits);
      },
      collectNow: () => {
        this.#watch();
        return this.#store.collectNow(view);
      },
    });
  }

  /** Begins to observe runtime, process and our own books; once. */
  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    const { config, accounts } = this.#options;
    this.#guard(() => loadRuntime().watch({ meter: this.meter, config, accounts }));
  }

  /** For what runs with nobody above it: an error there would be the end of the app. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.diagnostics.error("metrics", `metrics are incomplete: ${String(error)}`);
    }
  }
}

const consoleSender: PushOptions["sender"] = () => loadConsole().createConsoleSender();

/** An exemplar of a trace that nobody exports would be a link to nothing. */
function exemplarFilterOf({ metrics, traces }: Config): ExemplarFilter {
  return traces.exporters.length === 0 ? "always_off" : metrics.exemplarFilter;
}
