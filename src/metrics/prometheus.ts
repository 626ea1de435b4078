import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import type { MetricProducer, ScopeMetrics } from "@opentelemetry/sdk-metrics";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { prometheusText, type TextFormat } from "./prometheus-text.ts";

export interface PrometheusDeps {
  readonly producer: MetricProducer;
  /** The scope whose samples carry no scope labels. */
  readonly ownScope: string;
  readonly diagnostics: Diagnostics;
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

const contentTypes: Readonly<Record<TextFormat, string>> = {
  classic: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

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
  /** Pages in progress, shared by overlapping scrapes. */
  readonly #inFlight = new Map<TextFormat, Promise<MetricsPage>>();
  /** The earliest start of the next page, in milliseconds of `performance.now()`. */
  #nextAllowedAt = 0;

  constructor(deps: PrometheusDeps) {
    this.#deps = deps;
    this.#exporter.setMetricProducer(deps.producer);
  }

  /** @throws if the collection fails. */
  collectPage(accept: string | undefined): Promise<MetricsPage> {
    const format = negotiate(accept);
    const page = this.#inFlight.get(format) ?? this.#renderPaced(format);
    this.#inFlight.set(format, page);
    return page;
  }

  /** Renders a page after the pause that the previous one requires. */
  async #renderPaced(format: TextFormat): Promise<MetricsPage> {
    try {
      const waitMs = this.#nextAllowedAt - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs).unref());
      const began = performance.now();
      const page = await this.#render(format);
      const now = performance.now();
      this.#nextAllowedAt = now + Math.min((now - began) * PAUSE_FACTOR, MAX_PAUSE_MS);
      return page;
    } finally {
      this.#inFlight.delete(format);
    }
  }

  async #render(format: TextFormat): Promise<MetricsPage> {
    const { ownScope, diagnostics, addWorkerThreads } = this.#deps;
    const { resourceMetrics } = await this.#exporter.collect();
    const scopeMetrics = await addWorkerThreads(resourceMetrics.scopeMetrics);
    const pieces = prometheusText(
      { ...resourceMetrics, scopeMetrics },
      {
        format,
        ownScope,
        onConflict: ({ name, reason }) =>
          diagnostics.warn(
            `prometheus ${name}`,
            `metric "${name}" is left out of the Prometheus page: ${reason}`,
          ),
      },
    );
    return { contentType: contentTypes[format], body: await concatenate(pieces) };
  }
}

/** Selects OpenMetrics if the `Accept` header names it with at least the weight of plain text (RFC 9110, 12.5.1). */
export function negotiate(accept: string | undefined): TextFormat {
  let open = 0;
  let plain = 0;
  for (const range of (accept ?? "").toLowerCase().split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
    const quality = qualityOf(parameters);
    if (type === "application/openmetrics-text") open = Math.max(open, quality);
    if (type === "text/plain") plain = Math.max(plain, quality);
  }
  return open > 0 && open >= plain ? "openmetrics" : "classic";
}

function qualityOf(parameters: readonly string[]): number {
  const weight = parameters.find((parameter) => parameter.startsWith("q="));
  const quality = weight === undefined ? 1 : Number(weight.slice(2));
  return Number.isNaN(quality) ? 0 : quality;
}

/**
 * Concatenates the pieces as bytes. A page of megabytes is not built as one string:
 * converting it would block for tens of milliseconds.
 */
async function concatenate(pieces: Iterable<string>): Promise<Buffer> {
  const buffers: Buffer[] = [];
  let since = performance.now();
  for (const piece of pieces) {
    buffers.push(Buffer.from(piece));
    if (performance.now() - since < MAX_BLOCKING_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    since = performance.now();
  }
  return Buffer.concat(buffers);
}
