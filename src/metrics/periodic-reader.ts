import type {
  CollectionResult,
  MetricCollectOptions,
  ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import { runSuppressed } from "../context/manager.ts";
import type { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { UnsentTelemetry } from "../diagnostics/unsent-telemetry.ts";
import type { ExitRequest, ExitRequestFactory, Pipeline } from "../export/pipeline.ts";
import type { ExportResult, OtlpExporter, OnExitResult } from "../export/otlp-exporter.ts";

export interface PeriodicReaderDeps {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Undefined: not counted (the console is no delivery). */
  readonly counters: SignalCounters | undefined;
  readonly diagnostics: Diagnostics;
  readonly unsent?: UnsentTelemetry;
  /** Called once, before the first export: it loads the chunk. */
  readonly createExporter: () => OtlpExporter<ResourceMetrics>;
  readonly collect: (options: MetricCollectOptions) => Promise<CollectionResult>;
  readonly collectNow: () => ResourceMetrics;
}

/** What the sender has in hand. */
interface PendingExport {
  readonly metrics: ResourceMetrics;
  readonly points: number;
}

const failedResult: ExportResult = { delivered: false, rejected: 0, retryAfterMs: 0 };

/**
 * Collects and sends at an interval: the specification's periodic exporting
 * reader. Upstream's takes our `MetricProducer` as well, but its time limits are
 * timers that hold the process open, and what it has in hand at the end of the
 * process can't be had from it.
 */
export class PeriodicReader implements Pipeline {
  readonly #deps: PeriodicReaderDeps;
  #exporter: OtlpExporter<ResourceMetrics> | undefined = undefined;
  #exporting: Promise<void> | undefined = undefined;
  #inFlight: PendingExport | undefined = undefined;
  #pausedUntil = 0;
  #timer: NodeJS.Timeout | undefined = undefined;
  #isStopped = false;

  constructor(deps: PeriodicReaderDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), this.#deps.intervalMs).unref();
  }

  /** Nothing is collected any more; what is under way is still taken by `drainForExit`. */
  stop(): void {
    clearInterval(this.#timer);
    this.#isStopped = true;
  }

  /** How many data points are under way: what the account's `queued` must come to. */
  get queued(): number {
    return this.#inFlight?.points ?? 0;
  }

  /** Sends the numbers of this moment, after what is under way, unless the peer asked for a pause. */
  async flush(timeoutMs: number): Promise<void> {
    if (this.#isStopped) return;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.max(0, timeoutMs));
    });
    await Promise.race([limit, this.#exportAfterCurrent()]);
    clearTimeout(timer);
  }

  /**
   * The last numbers of the process, and what was under way: a delta that is not
   * delivered is missing for ever.
   */
  drainForExit(): ExitRequestFactory[] {
    return [...this.#abortInFlight(), ...this.#finalMetrics()].map(
      (metrics) => () => this.#createExitRequest(metrics),
    );
  }

  /** An interval that finds the last export still under way is left out. */
  #tick(): void {
    // A process of this age has had numbers that others count on.
    this.#deps.unsent?.mark();
    if (this.#exporting === undefined && performance.now() >= this.#pausedUntil)
      void this.#export();
  }

  async #exportAfterCurrent(): Promise<void> {
    await this.#exporting;
    // The numbers are not lost: the next export has them too.
    if (performance.now() >= this.#pausedUntil) await this.#export();
  }

  /** Never rejects. */
  #export(): Promise<void> {
    this.#exporting ??= this.#exportOnce()
      .catch((error: unknown) => this.#reportFailure(error))
      .finally(() => {
        this.#exporting = undefined;
      });
    return this.#exporting;
  }

  async #exportOnce(): Promise<void> {
    const { timeoutMs, counters, collect } = this.#deps;
    const { resourceMetrics } = await collect({ timeoutMillis: timeoutMs });
    const pending = { metrics: resourceMetrics, points: countPoints(resourceMetrics) };
    if (pending.points === 0) return;
    if (counters !== undefined) counters.created += pending.points;
    this.#inFlight = pending;
    const result = await this.#send(resourceMetrics);
    // Else `drainForExit` has taken it over and does the books.
    if (this.#inFlight !== pending) return;
    this.#inFlight = undefined;
    this.#onExported(pending.points, result);
  }

  async #send(metrics: ResourceMetrics): Promise<ExportResult> {
    try {
      return await runSuppressed(() => this.#getExporter().export(metrics, this.#deps.timeoutMs));
    } catch (error) {
      this.#reportFailure(error);
      return failedResult;
    }
  }

  #onExported(points: number, result: ExportResult): void {
    if (result.delivered) this.#recordDelivered(points, result.rejected);
    else this.#deps.counters?.drop("failed", points);
    if (result.retryAfterMs > 0) this.#pause(result.retryAfterMs);
  }

  #pause(ms: number): void {
    this.#pausedUntil = performance.now() + ms;
    if (this.#deps.counters !== undefined) this.#deps.counters.pausedUntil = Date.now() + ms;
  }

  #recordDelivered(points: number, rejected: number): void {
    const { counters } = this.#deps;
    if (counters === undefined) return;
    const rejectedPoints = Math.min(rejected, points);
    counters.sent += points - rejectedPoints;
    counters.drop("rejected", rejectedPoints);
  }

  #abortInFlight(): ResourceMetrics[] {
    const inFlight = this.#inFlight;
    this.#inFlight = undefined;
    if (inFlight === undefined) return [];
    if (this.#exporter?.cancel() !== true) return [inFlight.metrics];
    this.#recordDelivered(inFlight.points, 0);
    return [];
  }

  #finalMetrics(): ResourceMetrics[] {
    const { counters, collectNow } = this.#deps;
    if (this.#isStopped) return [];
    try {
      const metrics = collectNow();
      const points = countPoints(metrics);
      if (counters !== undefined) counters.created += points;
      return points === 0 ? [] : [metrics];
    } catch (error) {
      this.#reportFailure(error);
      return [];
    }
  }

  #createExitRequest(metrics: ResourceMetrics): ExitRequest | undefined {
    const points = countPoints(metrics);
    const request = this.#tryCreateExitRequest(metrics, (delivered, rejected) => {
      if (delivered) this.#recordDelivered(points, rejected);
      else this.#deps.counters?.drop("shutdown", points);
    });
    if (request === undefined) this.#deps.counters?.drop("failed", points);
    return request;
  }

  #tryCreateExitRequest(metrics: ResourceMetrics, onResult: OnExitResult): ExitRequest | undefined {
    try {
      return this.#getExporter().createExitRequest(metrics, onResult);
    } catch (error) {
      this.#reportFailure(error);
      return undefined;
    }
  }

  #getExporter(): OtlpExporter<ResourceMetrics> {
    this.#exporter ??= this.#deps.createExporter();
    return this.#exporter;
  }

  #reportFailure(error: unknown): void {
    this.#deps.diagnostics.error(
      "metrics export",
      `metrics could not be exported: ${String(error)}`,
    );
  }
}

/** Data points are what the books of metrics count. */
export function countPoints(metrics: ResourceMetrics): number {
  let points = 0;
  for (const scope of metrics.scopeMetrics) {
    for (const metric of scope.metrics) points += metric.dataPoints.length;
  }
  return points;
}
