import type {
  CollectionResult,
  MetricCollectOptions,
  ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { UnsentTelemetry } from "../diagnostics/unsent-telemetry.ts";
import { CountingExporter } from "../export/counting-exporter.ts";
import { runWithDeadline } from "../export/deadline.ts";
import type { TelemetryExporter } from "../export/telemetry-exporter.ts";
import type { ExitRequestFactory, Pipeline } from "../export/pipeline.ts";

export interface PeriodicReaderDeps {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Undefined for an exporter that delivers nothing, such as the console. */
  readonly counters: SignalCounters | undefined;
  readonly diagnostics: Diagnostics;
  readonly unsent?: UnsentTelemetry;
  /** Called before the first export, until it succeeds: it loads a lazy module. */
  readonly createExporter: () => TelemetryExporter<ResourceMetrics>;
  readonly collect: (options: MetricCollectOptions) => Promise<CollectionResult>;
  readonly collectNow: () => ResourceMetrics;
}

/**
 * Collects and exports metrics at an interval: the specification's periodic
 * exporting reader. Upstream's accepts our `MetricProducer` as well, but its time
 * limits are timers that keep the process alive, and it cannot return the export
 * in flight at process exit.
 */
export class PeriodicReader implements Pipeline {
  readonly #deps: PeriodicReaderDeps;
  readonly #counters: SignalCounters;
  readonly #exporter: CountingExporter<ResourceMetrics>;
  /** The collection and export that runs now. */
  #running: Promise<void> | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;
  #isStopped = false;

  constructor(deps: PeriodicReaderDeps) {
    this.#deps = deps;
    this.#counters = deps.counters ?? new SignalCounters();
    this.#exporter = new CountingExporter({
      name: "metrics",
      counters: this.#counters,
      diagnostics: deps.diagnostics,
      createExporter: deps.createExporter,
      countItems: countDataPoints,
    });
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), this.#deps.intervalMs).unref();
  }

  /** Stops collecting; `drainForExit` still returns the export in flight. */
  stop(): void {
    clearInterval(this.#timer);
    this.#isStopped = true;
  }

  /** Number of data points in flight, independent of the counters. */
  get queued(): number {
    return this.#exporter.inFlightCount;
  }

  /** Exports the current values after the export in flight, unless the peer asked for a pause. */
  async flush(timeoutMs: number): Promise<void> {
    if (!this.#isStopped) await runWithDeadline(timeoutMs, () => this.#exportAfterCurrent());
  }

  /**
   * Returns the last values of the process and the export in flight: a delta that
   * is not delivered is lost for good.
   */
  drainForExit(): ExitRequestFactory[] {
    const cancelled = this.#exporter.cancel();
    const payloads = [...(cancelled === undefined ? [] : [cancelled]), ...this.#finalMetrics()];
    return payloads.map((metrics) => () => this.#exporter.createExitRequest(metrics));
  }

  /** Skips an interval that finds the previous export still in flight. */
  #tick(): void {
    // Others may rely on the values of a process that has lived for an interval.
    this.#deps.unsent?.mark();
    if (this.#running === undefined && this.#exporter.pauseMs === 0) void this.#export();
  }

  async #exportAfterCurrent(): Promise<void> {
    await this.#running;
    // Nothing is lost during a pause: the next export has these values too.
    if (this.#exporter.pauseMs === 0) await this.#export();
  }

  /** Never rejects. */
  #export(): Promise<void> {
    this.#running ??= this.#collectAndExport()
      .catch((error: unknown) => this.#exporter.logFailure(error))
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #collectAndExport(): Promise<void> {
    // Nothing is lost: the next collection has these values too.
    if (!this.#exporter.prepare()) return;
    const { timeoutMs, collect } = this.#deps;
    const { resourceMetrics } = await collect({ timeoutMillis: timeoutMs });
    if (this.#countCreated(resourceMetrics) === 0) return;
    await this.#exporter.export(resourceMetrics, timeoutMs);
  }

  #finalMetrics(): ResourceMetrics[] {
    if (this.#isStopped) return [];
    try {
      const metrics = this.#deps.collectNow();
      return this.#countCreated(metrics) === 0 ? [] : [metrics];
    } catch (error) {
      this.#exporter.logFailure(error);
      return [];
    }
  }

  #countCreated(metrics: ResourceMetrics): number {
    const points = countDataPoints(metrics);
    this.#counters.created += points;
    return points;
  }
}

/** Counts data points, the items that the counters of metrics count. */
export function countDataPoints(metrics: ResourceMetrics): number {
  let points = 0;
  for (const scope of metrics.scopeMetrics) {
    for (const metric of scope.metrics) points += metric.dataPoints.length;
  }
  return points;
}
