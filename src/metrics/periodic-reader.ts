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
import { PayloadParts } from "../export/payload-parts.ts";
import type { ExitRequestFactory, Pipeline } from "../export/pipeline.ts";
import { countDataPoints, divideMetrics } from "./divide-metrics.ts";

export interface PeriodicReaderDeps {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** The number of data points in one request. Default: all of a collection. */
  readonly maxBatchSize?: number | undefined;
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
  readonly #parts: PayloadParts<ResourceMetrics>;
  /** The collection and export that runs now. */
  #running: Promise<void> | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;
  #isStopped = false;

  constructor(deps: PeriodicReaderDeps) {
    this.#deps = deps;
    this.#counters = deps.counters ?? new SignalCounters();
    this.#parts = new PayloadParts({
      maxSize: deps.maxBatchSize ?? Infinity,
      // A process has as many data points at each interval, or more.
      grows: false,
      sizeOf: countDataPoints,
      divide: divideMetrics,
    });
    this.#exporter = new CountingExporter({
      name: "metrics",
      counters: this.#counters,
      diagnostics: deps.diagnostics,
      createExporter: deps.createExporter,
      countItems: countDataPoints,
      onTooLarge: (metrics) => this.#onTooLarge(metrics),
      onDelivered: () => this.#parts.onAccepted(),
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
    return this.#exporter.inFlightCount + this.#parts.length;
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
    const payloads = [
      ...(cancelled === undefined ? [] : [cancelled]),
      ...this.#parts.takeAll(),
      ...this.#finalMetrics(),
    ];
    const parts = payloads.flatMap((metrics) => divideMetrics(metrics, this.#parts.size));
    return parts.map((metrics) => () => this.#exporter.createExitRequest(metrics));
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
    // Those that are left by a pause come first.
    if (this.#parts.length === 0) await this.#collect();
    const { timeoutMs } = this.#deps;
    const end = performance.now() + timeoutMs;
    let remainingMs = timeoutMs;
    while (this.#parts.length > 0 && this.#exporter.pauseMs === 0) {
      const part = this.#parts.next();
      if (part !== undefined) await this.#exporter.export(part, remainingMs);
      remainingMs = Math.max(0, Math.ceil(end - performance.now()));
    }
  }

  async #collect(): Promise<void> {
    const { timeoutMs, collect } = this.#deps;
    const { resourceMetrics } = await collect({ timeoutMillis: timeoutMs });
    if (this.#countCreated(resourceMetrics) > 0) this.#parts.add(resourceMetrics);
  }

  /** Exports the halves next. Drops what is left if the peer refuses everything. */
  #onTooLarge(metrics: ResourceMetrics): boolean {
    if (this.#parts.addHalves(metrics)) return true;
    this.#exporter.drop(this.#parts.takeHopeless());
    return false;
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
