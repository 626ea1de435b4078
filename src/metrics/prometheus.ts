import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import type { MetricProducer, ScopeMetrics } from "@opentelemetry/sdk-metrics";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { prometheusText, type TextFormat } from "./prometheus-text.ts";

/** A chunk of its own: loaded with the first scrape. */
export interface PrometheusDeps {
  readonly producer: MetricProducer;
  /** The scope whose samples carry no scope labels. */
  readonly ownScope: string;
  readonly diagnostics: Diagnostics;
  /** Adds what the process's other threads have. */
  readonly addWorkerThreads: (own: ScopeMetrics[]) => Promise<ScopeMetrics[]>;
}

export interface MetricsPage {
  readonly contentType: string;
  readonly body: Buffer;
}

/** Work on the page for this long at a stretch, then let the app have its turn. */
const MAX_BLOCKING_MS = 5;

/**
 * After a page there is none for three times as long as it took: scrapes that come
 * seconds apart never notice, and a flood of them costs a quarter of the time at
 * most. The limit is for pages that wait for callbacks of the app.
 */
const PAUSE_FACTOR = 3;
const MAX_PAUSE_MS = 1000;

const contentTypes: Readonly<Record<TextFormat, string>> = {
  classic: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/**
 * The Prometheus reader over our store. Its own server is never started; its text
 * is not used (no units, labels twice, 200 for a failure), only its collection.
 */
export class PrometheusReader {
  readonly #deps: PrometheusDeps;
  readonly #exporter = new PrometheusExporter({ preventServerStart: true });
  /** Pages that are being made: whoever asks meanwhile gets the same. */
  readonly #inFlight = new Map<TextFormat, Promise<MetricsPage>>();
  /** When the next page may be begun, in the milliseconds of `performance.now()`. */
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

  /** However often it is asked for, most of the time is the app's. */
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
            `metric "${name}" is not on the Prometheus page: ${reason}`,
          ),
      },
    );
    return { contentType: contentTypes[format], body: await concatenate(pieces) };
  }
}

/** OpenMetrics if it is asked for by name at least as much as plain text (RFC 9110, 12.5.1). */
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
 * The pieces as bytes. A text of megabytes is not put together as one string:
 * turning that into bytes would be one stretch of tens of milliseconds.
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
