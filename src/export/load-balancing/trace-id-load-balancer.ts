import type { BatchConfig, OtlpConfig } from "../../config/config.ts";
import type { SignalCounters } from "../../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { BatchProcessor } from "../batch-processor.ts";
import type { RetryPolicy } from "../connection/retry.ts";
import type { EncodedItem } from "../otlp/encoded-item.ts";
import type { TelemetryExporter } from "../telemetry-exporter.ts";
import type { ExitRequestFactory, ItemProcessor } from "../pipeline.ts";
import { type GatewayHealth, gatewayHealthOf, NO_RETRY } from "./gateway-health.ts";

type RoutedItem = EncodedItem & {
  readonly traceId: string | undefined;
  readonly isPreferred: boolean;
};

export interface TraceIdLoadBalancerDeps<Item> {
  readonly name: string;
  readonly config: BatchConfig;
  readonly gateways: readonly OtlpConfig[];
  readonly counters: SignalCounters;
  readonly diagnostics: Diagnostics;
  readonly encode: (item: Item) => EncodedItem;
  readonly isPreferred: (item: Item) => boolean;
  readonly release: (item: EncodedItem) => void;
  readonly traceIdOf: (item: Item) => string | undefined;
  readonly createExporter: (
    gateway: OtlpConfig,
    retry: RetryPolicy,
  ) => TelemetryExporter<EncodedItem[]>;
}

/**
 * Sends each trace to one of several gateways. Each gateway has a queue, so that a
 * gateway that hangs delays its own traces only. Items that a gateway does not
 * accept move to the next one. All queues together hold as much as a single one
 * would.
 */
class TraceIdLoadBalancer<Item> implements ItemProcessor<Item> {
  readonly #deps: TraceIdLoadBalancerDeps<Item>;
  readonly #health: GatewayHealth;
  /** One per gateway. */
  readonly #batches: readonly BatchProcessor<Item, RoutedItem>[];
  #moveCount = 0;

  constructor(deps: TraceIdLoadBalancerDeps<Item>) {
    this.#deps = deps;
    this.#health = gatewayHealthOf(deps.gateways);
    this.#batches = deps.gateways.map((gateway, index) => this.#createBatch(gateway, index));
  }

  add(item: Item): void {
    this.#batches[this.#health.choose(this.#deps.traceIdOf(item))]?.add(item);
  }

  /** Flushes all queues, and again those that items have moved to meanwhile. */
  async flush(timeoutMs: number): Promise<void> {
    const end = performance.now() + timeoutMs;
    let movesBefore: number;
    do {
      movesBefore = this.#moveCount;
      const remainingMs = Math.max(0, end - performance.now());
      await Promise.all(this.#batches.map((batch) => batch.flush(remainingMs)));
    } while (movesBefore !== this.#moveCount && performance.now() < end);
  }

  drainForExit(): ExitRequestFactory[] {
    this.#batches.forEach((_, index) => this.#moveQueued(index));
    return this.#batches.flatMap((batch) => batch.drainForExit());
  }

  get queued(): number {
    let queued = 0;
    for (const batch of this.#batches) queued += batch.queued;
    return queued;
  }

  #createBatch(gateway: OtlpConfig, index: number): BatchProcessor<Item, RoutedItem> {
    const { name, config, counters, diagnostics, release, createExporter } = this.#deps;
    const { encode, traceIdOf, isPreferred } = this.#deps;
    return new BatchProcessor<Item, RoutedItem>({
      name,
      config,
      counters,
      diagnostics,
      encode: (item) => ({
        ...encode(item),
        traceId: traceIdOf(item),
        isPreferred: isPreferred(item),
      }),
      isPreferred,
      release,
      createExporter: () =>
        withSuccessCallback(createExporter(gateway, NO_RETRY), () => this.#health.recovered(index)),
      isFull: () => this.#queueLength() >= config.maxQueueSize,
      onUnavailable: (items, retryAfterMs) => this.#moveAll(index, items, retryAfterMs),
      onPaused: () => this.#moveQueued(index),
    });
  }

  #queueLength(): number {
    let length = 0;
    for (const batch of this.#batches) length += batch.length;
    return length;
  }

  /** Moves the items of a failed export and the queue to other gateways. Returns how long the gateway is paused, in milliseconds. */
  #moveAll(from: number, items: readonly RoutedItem[], retryAfterMs: number): number {
    const pauseMs = this.#health.failed(from, retryAfterMs);
    const { msUntilAvailable } = this.#health;
    if (msUntilAvailable > 0) this.#deps.counters.pausedUntil = Date.now() + msUntilAvailable;
    this.#requeue([...items, ...(this.#batches[from]?.drainQueue() ?? [])]);
    return pauseMs;
  }

  /** Moves the queue of an unavailable gateway to another, once another is available. */
  #moveQueued(from: number): void {
    if (this.#health.isAvailable(from) || this.#health.msUntilAvailable > 0) return;
    this.#requeue(this.#batches[from]?.drainQueue() ?? []);
  }

  #requeue(items: readonly RoutedItem[]): void {
    for (const item of items) {
      const batch = this.#batches[this.#health.choose(item.traceId)];
      batch?.requeue(item, item.isPreferred);
    }
    this.#moveCount++;
  }
}

/** See `TraceIdLoadBalancer`. */
export function createTraceIdLoadBalancer<Item>(
  deps: TraceIdLoadBalancerDeps<Item>,
): ItemProcessor<Item> {
  return new TraceIdLoadBalancer(deps);
}

function withSuccessCallback<Payload>(
  exporter: TelemetryExporter<Payload>,
  onDelivered: () => void,
): TelemetryExporter<Payload> {
  return {
    export: async (payload, timeoutMs) => {
      const result = await exporter.export(payload, timeoutMs);
      if (result.delivered) onDelivered();
      return result;
    },
    cancel: () => exporter.cancel(),
    createExitRequest: (payload, onResult) => exporter.createExitRequest(payload, onResult),
  };
}
