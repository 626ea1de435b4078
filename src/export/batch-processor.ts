import type { BatchConfig } from "../config/config.ts";
import { CountingExporter } from "./counting-exporter.ts";
import { type Deadline, runWithDeadline } from "./deadline.ts";
import { delay } from "./delay.ts";
import { ItemQueue, type ItemQueueDeps } from "./item-queue.ts";
import type { TelemetryExporter } from "./telemetry-exporter.ts";
import type { ExitRequestFactory, Pipeline } from "./pipeline.ts";

/** `counters.created` is counted by the caller, which also knows of items that are never queued. */
export interface BatchProcessorDeps<Item, Encoded> extends ItemQueueDeps<Item, Encoded> {
  readonly config: BatchConfig;
  /** Called before the first export, until it succeeds: it loads lazy modules, that of `encode` too. */
  readonly createExporter: () => TelemetryExporter<Encoded[]>;
  /**
   * Takes over the items that the peer cannot accept for now, and returns how long
   * the peer is paused, in milliseconds. Default: the items are dropped.
   *
   * @param retryAfterMs the pause that the peer asks for, bounded.
   */
  readonly onUnavailable?: (items: readonly Encoded[], retryAfterMs: number) => number;
  /** Called when an export is due while the peer is paused: the items may be moved elsewhere. */
  readonly onPaused?: () => void;
}

/**
 * A bounded queue before an exporter, with the rules of the specification's batch
 * processors: an export when a batch is full or the delay is over, one export at
 * a time, the newest item dropped when the queue is full (see `ItemQueue`).
 *
 * Nothing here keeps the process alive: timers are unref'd, and `drainForExit`
 * takes the remaining items at process exit.
 */
export class BatchProcessor<Item, Encoded = Item> implements Pipeline {
  readonly #deps: BatchProcessorDeps<Item, Encoded>;
  readonly #queue: ItemQueue<Item, Encoded>;
  readonly #exporter: CountingExporter<Encoded[]>;
  readonly #maxExportSize: number;
  /** Created at start, outside any request, so that it retains none; re-armed with `refresh`. */
  readonly #timer: NodeJS.Timeout;
  /** An export will follow by itself: the timer runs, or an export is in flight. */
  #isScheduled = true;

  constructor(deps: BatchProcessorDeps<Item, Encoded>) {
    const { config, release } = deps;
    this.#deps = deps;
    this.#queue = new ItemQueue(deps, config.maxQueueSize);
    this.#exporter = new CountingExporter<Encoded[]>({
      name: deps.name,
      counters: deps.counters,
      diagnostics: deps.diagnostics,
      createExporter: deps.createExporter,
      countItems: (items) => items.length,
      onUnavailable: deps.onUnavailable,
      release: release && ((items) => items.forEach((item) => release(item))),
      onDelivered: () => this.#queue.logRecovery(),
      onExported: () => this.#onExported(),
    });
    this.#maxExportSize = Math.min(config.maxBatchSize, config.maxQueueSize);
    this.#timer = setTimeout(() => this.#export(), config.delayMs).unref();
  }

  /** Queues one item, or drops it when the queue is full. For the hot path. */
  add(item: Item): void {
    if (this.#queue.add(item)) this.#onQueued();
  }

  /** Number of items that are queued or in flight, independent of the counters. */
  get queued(): number {
    return this.length + this.#exporter.inFlightCount;
  }

  /** Number of items in the queue. */
  get length(): number {
    return this.#queue.length;
  }

  /** Removes and returns all queued items. */
  drainQueue(): Encoded[] {
    return this.#queue.takeAll();
  }

  /** Queues an item that is already encoded, or drops it when the queue is full. */
  requeue(encoded: Encoded, isPreferred: boolean): void {
    if (this.#queue.addEncoded(encoded, isPreferred)) this.#onQueued();
  }

  /** Exports what is queued now, and waits for the export in flight. */
  flush(timeoutMs: number): Promise<void> {
    return runWithDeadline(timeoutMs, (deadline) => this.#drain(deadline));
  }

  /** Returns what the peer will not get from the export in flight, and the whole queue, as requests. */
  drainForExit(): ExitRequestFactory[] {
    const items = [...(this.#exporter.cancel() ?? []), ...this.#queue.takeForExit()];
    const requests: ExitRequestFactory[] = [];
    for (let start = 0; start < items.length; start += this.#maxExportSize) {
      const part = items.slice(start, start + this.#maxExportSize);
      requests.push(() => this.#exporter.createExitRequest(part));
    }
    return requests;
  }

  async #drain(deadline: Deadline): Promise<void> {
    this.#queue.encodePending();
    const target = this.#exporter.exportedCount + this.queued;
    while (!deadline.isExpired && this.#exporter.exportedCount < target) {
      if (this.#exporter.completion === undefined) {
        if (this.length === 0) return;
        this.#export();
        // The items may have been moved to another peer instead.
        if (this.#exporter.completion === undefined && this.length === 0) return;
      }
      await (this.#exporter.completion ?? delay(this.#exporter.pauseMs));
    }
  }

  #onQueued(): void {
    if (!this.#isScheduled) this.#rearmTimer();
    if (this.length === this.#maxExportSize && this.#exporter.completion === undefined)
      this.#scheduleExport();
  }

  /** The immediate is not unref'd: an idle loop would not run it, and it keeps the process alive for one turn at most. */
  #scheduleExport(): void {
    setImmediate(() => this.#export());
  }

  /** Exports after a pause, which may end long before the configured delay. */
  #exportLater(pauseMs: number): void {
    this.#isScheduled = true;
    // A timer may fire a millisecond early.
    setTimeout(() => this.#export(), pauseMs + 2).unref();
  }

  #rearmTimer(): void {
    this.#isScheduled = true;
    this.#timer.refresh();
  }

  #export(): void {
    this.#isScheduled = false;
    if (this.#exporter.completion !== undefined) {
      this.#isScheduled = true;
      return;
    }
    if (this.length === 0) return;
    if (this.#exporter.pauseMs > 0) {
      this.#deps.onPaused?.();
      if (this.length > 0) this.#rearmTimer();
      return;
    }
    if (!this.#exporter.prepare()) {
      this.#exportLater(this.#exporter.pauseMs);
      return;
    }
    const items = this.#queue.take(this.#maxExportSize);
    if (items.length === 0) return;
    this.#isScheduled = true;
    void this.#exporter.export(items, this.#deps.config.exportTimeoutMs);
  }

  #onExported(): void {
    if (this.length >= this.#maxExportSize) this.#export();
    else if (this.length > 0) this.#rearmTimer();
    else this.#isScheduled = false;
  }
}
