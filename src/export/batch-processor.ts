import { AsyncLocalStorage } from "node:async_hooks";
import type { BatchConfig } from "../config/config.ts";
import { runSuppressed } from "../context/manager.ts";
import type { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { ExitRequest, ExitRequestFactory, Pipeline } from "./pipeline.ts";
import type { ExportResult, OtlpExporter } from "./otlp-exporter.ts";

export interface BatchProcessorDeps<Item, Stored> {
  /** What the items are, in the plural, for our lines: "spans". */
  readonly name: string;
  readonly config: BatchConfig;
  /** The caller counts `made` (it also knows what never comes here); the batch counts the rest. */
  readonly counters: SignalCounters;
  readonly diagnostics: Diagnostics;
  /** What is queued of an item that there is room for. */
  readonly store: (item: Item) => Stored;
  /** What was stored has been sent or dropped. */
  readonly release?: (stored: Stored) => void;
  /** Called once, before the first export: it loads the chunk. */
  readonly createExporter: () => OtlpExporter<Stored[]>;
  /** Whether there is no room for more; default: as many wait as the configuration allows. */
  readonly isFull?: () => boolean;
  /**
   * Takes over what a peer that is away or can't now didn't take, and says how
   * long it is to be left alone, in milliseconds. Default: it is dropped.
   *
   * @param retryAfterMs how long the peer asks to be left alone, at most.
   */
  readonly onUnavailable?: (items: readonly Stored[], retryAfterMs: number) => number;
  /** The peer is left alone still, and something waits for it: others may take that. */
  readonly onPaused?: () => void;
}

interface InFlightExport<Stored> {
  readonly items: Stored[];
  readonly done: Promise<void>;
}

/**
 * How many items are stored one after the other. To encode one amid a request
 * finds the processor's caches full of the app's code: it took 4 us instead of
 * 1.5 (measured on Express). To keep more of them would let them outlive V8's
 * young generation.
 */
const ENCODE_CHUNK_SIZE = 64;

const FAILED_RESULT: ExportResult = { delivered: false, rejected: 0, retryAfterMs: 0 };

/**
 * A bounded queue before a sender, with the rules of the specification's batch
 * processors: an export when a batch is full or the delay is over, one export at
 * a time, the newest dropped when the queue is full.
 *
 * Nothing here holds the process open: timers are unref'd, and what is left at
 * the end is taken by `drainForExit`.
 */
export class BatchProcessor<Item, Stored = Item> implements Pipeline {
  readonly #deps: BatchProcessorDeps<Item, Stored>;
  readonly #capacity: number;
  readonly #maxExportSize: number;
  /** Made at start, outside of any request, so that it keeps none alive; re-armed with `refresh`. */
  readonly #timer: NodeJS.Timeout;
  /** Runs work outside of whatever request asks for it: connections keep their first context. */
  readonly #runDetached: <R>(work: () => R) => R = AsyncLocalStorage.snapshot();
  #exporter: OtlpExporter<Stored[]> | undefined = undefined;
  /** What has just come, until there is enough of it to be stored at one go. */
  #unencoded: Item[] = [];
  #queue: Stored[] = [];
  #inFlight: InFlightExport<Stored> | undefined = undefined;
  /** An export will come without further doing: the timer runs, or one is in flight. */
  #isScheduled = true;
  #exportedCount = 0;
  #droppedWhileFull = 0;
  #pausedUntil = 0;

  constructor(options: BatchProcessorDeps<Item, Stored>) {
    this.#deps = options;
    this.#capacity = options.config.maxQueueSize;
    this.#maxExportSize = Math.min(options.config.maxBatchSize, options.config.maxQueueSize);
    this.#timer = setTimeout(() => this.#export(), options.config.delayMs).unref();
  }

  /** Queues one item, or drops it when the queue is full. For the hot path. */
  add(item: Item): void {
    if (this.#isFull()) {
      this.#dropNewest();
      return;
    }
    if (this.#unencoded.push(item) >= ENCODE_CHUNK_SIZE) this.#storeUnencoded();
    this.#onQueued();
  }

  /** How many items wait or are under way, counted here and not by the account. */
  get queued(): number {
    return this.length + (this.#inFlight?.items.length ?? 0);
  }

  /** How many items wait. */
  get length(): number {
    return this.#queue.length + this.#unencoded.length;
  }

  /** All that waits; it is the caller's now. */
  drainQueue(): Stored[] {
    this.#storeUnencoded();
    const items = this.#queue;
    this.#queue = [];
    return items;
  }

  /** Queues what was stored before, or drops it when the queue is full. */
  requeue(stored: Stored): void {
    if (this.#isFull()) {
      this.#dropNewest();
      this.#deps.release?.(stored);
      return;
    }
    this.#queue.push(stored);
    this.#onQueued();
  }

  #isFull(): boolean {
    const { isFull } = this.#deps;
    return isFull === undefined ? this.length >= this.#capacity : isFull();
  }

  #onQueued(): void {
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      this.#timer.refresh();
    }
    if (this.length === this.#maxExportSize && this.#inFlight === undefined) this.#scheduleExport();
  }

  #storeUnencoded(): void {
    const items = this.#unencoded;
    if (items.length === 0) return;
    this.#unencoded = [];
    for (const item of items) this.#store(item);
  }

  /** What ends a span or writes a line is the app: it must not learn of our troubles. */
  #store(item: Item): void {
    try {
      this.#queue.push(this.#deps.store(item));
    } catch (error) {
      const { name, counters, diagnostics } = this.#deps;
      counters.drop("failed", 1);
      diagnostics.error(`${name} store`, `${name} could not be encoded: ${String(error)}`);
    }
  }

  /**
   * Sends what is queued now, and awaits what is in flight. The one timer of ours
   * that holds the process open: somebody awaits this, and an `await` at top level
   * that nothing holds would end the process with exit code 13.
   */
  async flush(timeoutMs: number): Promise<void> {
    const limit = startDeadline(timeoutMs);
    await Promise.race([limit.expired, this.#drain(limit)]);
    limit.clear();
  }

  /**
   * What the peer will not get from the export under way, and the whole queue, as
   * requests. An export whose request the kernel has in full is left to it: the
   * kernel delivers after our end, and sending it again would double it. All else
   * (waiting for a retry, connecting, half written) can't have been accepted, since
   * a body that stops early is refused, so it is sent again.
   */
  drainForExit(): ExitRequestFactory[] {
    this.#storeUnencoded();
    const items = [...this.#cancelInFlight(), ...this.#queue];
    this.#queue = [];
    const requests: ExitRequestFactory[] = [];
    for (let start = 0; start < items.length; start += this.#maxExportSize) {
      const part = items.slice(start, start + this.#maxExportSize);
      requests.push(() => this.#createExitRequest(part));
    }
    return requests;
  }

  async #drain(limit: Deadline): Promise<void> {
    this.#storeUnencoded();
    const target = this.#exportedCount + (this.#inFlight?.items.length ?? 0) + this.#queue.length;
    while (!limit.isExpired && this.#exportedCount < target) {
      if (this.#inFlight === undefined) {
        if (this.#queue.length === 0) return;
        this.#export();
        // It may have gone elsewhere instead.
        if (this.#inFlight === undefined && this.length === 0) return;
      }
      await (this.#inFlight?.done ?? delay(this.#pausedUntil - performance.now()));
    }
  }

  /** Not unref'd: an idle loop would sleep over it, and it holds the process for a turn at most. */
  #scheduleExport(): void {
    setImmediate(() => this.#export());
  }

  #export(): void {
    this.#isScheduled = false;
    if (this.#inFlight !== undefined) {
      this.#isScheduled = true;
      return;
    }
    this.#storeUnencoded();
    if (this.#queue.length === 0) return;
    if (performance.now() < this.#pausedUntil) {
      this.#deps.onPaused?.();
      if (this.length > 0) this.#rearmTimer();
      return;
    }
    this.#isScheduled = true;
    this.#exportOnce(this.#takeBatch());
  }

  #rearmTimer(): void {
    this.#isScheduled = true;
    this.#timer.refresh();
  }

  #takeBatch(): Stored[] {
    if (this.#queue.length > this.#maxExportSize) return this.#queue.splice(0, this.#maxExportSize);
    const items = this.#queue;
    this.#queue = [];
    return items;
  }

  #exportOnce(items: Stored[]): void {
    const pendingResult = this.#send(items);
    const inFlight: InFlightExport<Stored> = {
      items,
      done: pendingResult.then((result) => {
        if (this.#inFlight === inFlight) this.#onExported(inFlight, result);
      }),
    };
    this.#inFlight = inFlight;
  }

  async #send(items: Stored[]): Promise<ExportResult> {
    try {
      return await this.#runDetached(() =>
        runSuppressed(() => this.#getExporter().export(items, this.#deps.config.exportTimeoutMs)),
      );
    } catch (error) {
      this.#reportFailure(error);
      return FAILED_RESULT;
    }
  }

  #getExporter(): OtlpExporter<Stored[]> {
    this.#exporter ??= this.#deps.createExporter();
    return this.#exporter;
  }

  #onExported(inFlight: InFlightExport<Stored>, result: ExportResult): void {
    this.#inFlight = undefined;
    this.#exportedCount += inFlight.items.length;
    this.#recordResult(inFlight.items, result);
    if (this.length >= this.#maxExportSize) this.#export();
    else if (this.length > 0) this.#rearmTimer();
    else this.#isScheduled = false;
  }

  #recordResult(items: Stored[], result: ExportResult): void {
    const { onUnavailable, counters, release } = this.#deps;
    if (result.delivered) this.#countDelivered(items.length, result.rejected);
    else if (onUnavailable !== undefined && result.retryable === true) {
      this.#pausedUntil = performance.now() + onUnavailable(items, result.retryAfterMs);
      return;
    } else {
      counters.drop("failed", items.length);
      if (result.retryAfterMs > 0) this.#pause(result.retryAfterMs);
    }
    if (release !== undefined) for (const item of items) release(item);
  }

  #pause(ms: number): void {
    this.#pausedUntil = performance.now() + ms;
    this.#deps.counters.pausedUntil = Date.now() + ms;
  }

  #countDelivered(count: number, rejected: number): void {
    const { counters } = this.#deps;
    const rejectedCount = Math.min(rejected, count);
    counters.sent += count - rejectedCount;
    counters.drop("rejected", rejectedCount);
    this.#logRecovered();
  }

  #dropNewest(): void {
    const { counters, diagnostics, name } = this.#deps;
    counters.drop("queue_full", 1);
    this.#droppedWhileFull += 1;
    if (this.#droppedWhileFull > 1) return;
    diagnostics.warn(
      `${name} queue`,
      `the queue of ${name} is full (${this.#capacity}); new ones are dropped and counted until it drains`,
    );
  }

  #logRecovered(): void {
    if (this.#droppedWhileFull === 0 || this.length > this.#capacity / 2) return;
    const { diagnostics, name } = this.#deps;
    diagnostics.info(
      `${name} queue recovered`,
      `the queue of ${name} drains again; ${this.#droppedWhileFull} were dropped`,
    );
    this.#droppedWhileFull = 0;
  }

  #cancelInFlight(): Stored[] {
    const inFlight = this.#inFlight;
    if (inFlight === undefined || this.#exporter?.cancel() === true) return [];
    this.#inFlight = undefined;
    return inFlight.items;
  }

  #createExitRequest(items: Stored[]): ExitRequest | undefined {
    try {
      const request = this.#getExporter().createExitRequest(items, (delivered, rejected) => {
        if (delivered) this.#countDelivered(items.length, rejected);
        else this.#deps.counters.drop("shutdown", items.length);
      });
      if (request === undefined) this.#deps.counters.drop("failed", items.length);
      return request;
    } catch (error) {
      this.#deps.counters.drop("failed", items.length);
      this.#reportFailure(error);
      return undefined;
    }
  }

  #reportFailure(error: unknown): void {
    const { diagnostics, name } = this.#deps;
    diagnostics.error(`${name} export`, `${name} could not be exported: ${String(error)}`);
  }
}

interface Deadline {
  readonly expired: Promise<void>;
  isExpired: boolean;
  clear(): void;
}

function startDeadline(ms: number): Deadline {
  const limit = { isExpired: false } as { -readonly [Field in keyof Deadline]: Deadline[Field] };
  limit.expired = new Promise((resolve) => {
    const expire = (): void => {
      limit.isExpired = true;
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(expire, Math.max(0, ms));
    limit.clear = expire;
  });
  return limit;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, ms)).unref();
  });
}
