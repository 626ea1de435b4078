import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import type { MetricProducer, ScopeMetrics } from "@opentelemetry/sdk-metrics";
import type { PrometheusConfig } from "../../config/config.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import type { SignalCounters } from "../../diagnostics/telemetry-counters.ts";
import { lazy } from "../../lazy.ts";
import type { RegistryMetric } from "../registries/registry-metric.ts";
import { LabelTexts } from "./labels.ts";
import type { NameStyle } from "./names.ts";
import { negotiate, type PageForm } from "./negotiation.ts";
import type { PageOptions } from "./page-options.ts";
import { prometheusText } from "./text.ts";

const loadProtobuf = lazy<typeof import("./protobuf.ts")>("metrics/prometheus/protobuf.ts");

export interface PrometheusDeps {
  readonly producer: MetricProducer;
  readonly config: PrometheusConfig;
  /** The scope of telltale's own metrics. */
  readonly ownScope: string;
  /** The time of rendering is added here. */
  readonly counters: SignalCounters;
  readonly diagnostics: Diagnostics;
  /** Collects the metrics of the app's registries. Never rejects. */
  readonly collectRegistries: () => Promise<readonly RegistryMetric[]>;
  /** Adds the metrics of the worker threads. */
  readonly addWorkerThreads: (own: ScopeMetrics[]) => Promise<ScopeMetrics[]>;
}

export interface MetricsPage {
  readonly contentType: string;
  readonly body: Buffer;
}

/** How long rendering may block the event loop before it yields to the app. */
const MAX_BLOCKING_MS = 5;

/**
 * After a page, the next one waits for three times as long as the page took:
 * scrapes at intervals of seconds are not delayed, and a flood of them uses at most
 * a quarter of the time. The maximum is for pages that await callbacks of the app.
 */
const PAUSE_FACTOR = 3;
const MAX_PAUSE_MS = 1000;

/**
 * Renders the Prometheus page from the store. Loaded at the first scrape.
 *
 * `PrometheusExporter` is the package that the project was asked to use. It is
 * the SDK's `MetricReader` for Prometheus, bound to the store's `MetricProducer`,
 * and only its `collect()` runs, which calls the producer: `producer.collect()`
 * would return the same. It shows that the store serves the readers of the SDK. Its server is not started, since the admin
 * server has the page, and its serializer is not used: it writes no units and no
 * exemplars, repeats labels of the same name, and answers 200 for a failure.
 */
export class PrometheusReader {
  readonly #deps: PrometheusDeps;
  readonly #exporter = new PrometheusExporter({ preventServerStart: true });
  /** Pages in progress, shared by overlapping scrapes, by format and escaping. */
  readonly #inFlight = new Map<string, Promise<Buffer>>();
  /** The end of the latest page in progress: pages of different forms are rendered one after another. */
  #lastPage: Promise<unknown> = Promise.resolve();
  /** The earliest start of the next page, in milliseconds of `performance.now()`. */
  #nextAllowedAt = 0;
  readonly #labels = new Map<string, LabelTexts>();
  /** What was reported: a page shows the same problems every time. */
  readonly #reported = new Set<string>();

  constructor(deps: PrometheusDeps) {
    this.#deps = deps;
    this.#exporter.setMetricProducer(deps.producer);
  }

  /** @throws if the collection fails. */
  async collectPage(accept: string | undefined): Promise<MetricsPage> {
    const form = negotiate(accept);
    const key = `${form.format} ${form.escaping}`;
    let body = this.#inFlight.get(key);
    if (body === undefined) {
      body = this.#renderNext(form).finally(() => this.#inFlight.delete(key));
      this.#inFlight.set(key, body);
    }
    return { contentType: form.contentType, body: await body };
  }

  #renderNext(form: PageForm): Promise<Buffer> {
    const page = this.#lastPage.then(() => this.#renderPaced(form));
    this.#lastPage = page.catch(() => {});
    return page;
  }

  /** Renders a page after the pause that the previous one requires. */
  async #renderPaced(form: PageForm): Promise<Buffer> {
    const waitMs = this.#nextAllowedAt - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs).unref());
    const began = performance.now();
    const page = await this.#render(form);
    const now = performance.now();
    this.#nextAllowedAt = now + Math.min((now - began) * PAUSE_FACTOR, MAX_PAUSE_MS);
    return page;
  }

  async #render({ format, escaping }: PageForm): Promise<Buffer> {
    const { config, counters, ownScope, addWorkerThreads, collectRegistries } = this.#deps;
    const [{ resourceMetrics }, registryMetrics] = await Promise.all([
      this.#exporter.collect(),
      collectRegistries(),
    ]);
    const scopeMetrics = await addWorkerThreads(resourceMetrics.scopeMetrics);
    const style: NameStyle = { translation: config.translation, format, escaping };
    const options: PageOptions = {
      style,
      config,
      ownScope,
      labels: this.#labelsIn(style),
      registryMetrics,
      onConflict: ({ name, reason }) =>
        this.#report(`metric "${name}" is left out of the Prometheus page: ${reason}`),
      onMerge: (name) =>
        this.#report(
          `metric "${name}" has series with the same labels on the Prometheus page, which are merged; give its attributes names that differ in letters and digits`,
        ),
    };
    const all = { ...resourceMetrics, scopeMetrics };
    const pieces =
      format === "protobuf"
        ? loadProtobuf().prometheusProtobuf(all, options)
        : prometheusText(all, options);
    return concatenate(pieces, counters);
  }

  #labelsIn(style: NameStyle): LabelTexts {
    const key = `${style.format === "protobuf"} ${style.escaping}`;
    let labels = this.#labels.get(key);
    if (labels === undefined) {
      labels = new LabelTexts(style, ({ label, keys: [first, second] }) =>
        this.#report(
          `attributes "${first}" and "${second}" have the same label "${label}" on the Prometheus page, which gets both values joined by ";"`,
        ),
      );
      this.#labels.set(key, labels);
    }
    return labels;
  }

  /** Logs a line once. */
  #report(line: string): void {
    if (this.#reported.has(line) || this.#reported.size >= MAX_REPORTED) return;
    this.#reported.add(line);
    this.#deps.diagnostics.warn(`prometheus ${line}`, line);
  }
}

/** An app with more problems than this has one that is worse. */
const MAX_REPORTED = 100;

/**
 * Concatenates the pieces as bytes, and yields to the app in between. A page of megabytes is not built as one string:
 * converting it would block for tens of milliseconds.
 */
async function concatenate(
  pieces: Iterable<string | Uint8Array>,
  counters: SignalCounters,
): Promise<Buffer> {
  const buffers: Uint8Array[] = [];
  let since = performance.now();
  for (const piece of pieces) {
    if (piece.length > 0) buffers.push(typeof piece === "string" ? Buffer.from(piece) : piece);
    const busyMs = performance.now() - since;
    if (busyMs < MAX_BLOCKING_MS) continue;
    counters.busyMs += busyMs;
    await new Promise((resolve) => setImmediate(resolve));
    since = performance.now();
  }
  counters.busyMs += performance.now() - since;
  return Buffer.concat(buffers);
}
