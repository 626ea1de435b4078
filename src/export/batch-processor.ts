import type { BatchConfig } from "../config/config.ts";
import { CountingExporter } from "./counting-exporter.ts";
import { type Deadline, runWithDeadline } from "./deadline.ts";
import { delay } from "./delay.ts";
import { ItemQueue, type ItemQueueDeps } from "./item-queue.ts";
import { divideList, PayloadParts } from "./payload-parts.ts";
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
  readonly #parts: PayloadParts<Encoded[]>;
  /** Created at start, outside any request, so that it retains none; re-armed with `refresh`. */
  readonly #timer: NodeJS.Timeout;
  /** An export will follow by itself: the timer runs, or an export is in flight. */
  #isScheduled = true;

  constructor(deps: BatchProcessorDeps<Item, Encoded>) {
    const { config, release } = deps;
    this.#deps = deps;
    this.#queue = new ItemQueue(deps, config.maxQueueSize);
    const maxSize = Math.min(config.maxBatchSize, config.maxQueueSize);
    this.#parts = new PayloadParts<Encoded[]>({
      maxSize,
      grows: true,
      sizeOf: (items) => items.length,
      divide: divideList,
    });
    this.#exporter = new CountingExporter<Encoded[]>({
      name: deps.name,
      counters: deps.counters,
      diagnostics: deps.diagnostics,
      createExporter: deps.createExporter,
      countItems: (items) => items.length,
      onUnavailable: deps.onUnavailable,
      onTooLarge: (items) => this.#onTooLarge(items),
      release: release && ((items) => items.forEach((item) => release(item))),
      onDelivered: () => this.#onDelivered(),
      onExported: () => this.#onExported(),
    });
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
    return this.#queue.length + this.#parts.length;
  }

  /** Removes and returns all queued items. */
  drainQueue(): Encoded[] {
    return [...this.#parts.takeAll().flat(), ...this.#queue.takeAll()];
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
    const items = [
      ...(this.#exporter.cancel() ?? []),
      ...this.#parts.takeAll().flat(),
      ...this.#queue.takeForExit(),
    ];
    const parts = divideList(items, this.#parts.size);
    return parts.map((part) => () => this.#exporter.createExitRequest(part));
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
    if (this.length === this.#parts.size && this.#exporter.completion === undefined)
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
    const items = this.#parts.next() ?? this.#queue.take(this.#parts.size);
    if (items.length === 0) return;
    this.#isScheduled = true;
    void this.#exporter.export(items, this.#deps.config.exportTimeoutMs);
  }

  #onDelivered(): void {
    this.#parts.onAccepted();
    this.#queue.logRecovery();
  }

  /** Exports the halves of a batch next. Drops what is left of it if the peer refuses everything. */
  #onTooLarge(items: Encoded[]): boolean {
    if (this.#parts.addHalves(items)) return true;
    this.#exporter.drop(this.#parts.takeHopeless());
    return false;
  }

  #onExported(): void {
    if (this.#parts.length > 0 || this.length >= this.#parts.size) this.#export();
    else if (this.length > 0) this.#rearmTimer();
    else this.#isScheduled = false;
  }
}
