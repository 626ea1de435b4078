import { randomBytes } from "node:crypto";
import type { BatchConfig, OtlpConfig } from "../../config/config.ts";
import type { SignalCounters } from "../../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { BatchProcessor } from "../batch-processor.ts";
import type { EncodedItem } from "../otlp/encoded-item.ts";
import type { ExitRequest, ItemProcessor, ExitRequestFactory } from "../pipeline.ts";
import { RendezvousHash } from "./rendezvous-hash.ts";
import type { RetryPolicy } from "../connection/retry.ts";
import type { ExportResult, OtlpExporter, OnExitResult } from "../otlp-exporter.ts";

/** Nothing is tried twice where there are others: they are there for that. */
const NO_RETRY: RetryPolicy = {
  attempts: 1,
  firstMs: 0,
  factor: 1,
  maxMs: 0,
  jitter: 0,
};

/** How long a gateway that failed is left alone; each further failure doubles it. */
const MIN_BACKOFF_MS = 1000;
const MAX_BACKOFF_MS = 30_000;

/** What does not belong to a trace goes to one gateway, another one for each process. */
const processRoutingId: string = randomBytes(16).toString("hex");

/** Who of several gateways can be sent to, as far as we know. */
class GatewayHealth {
  readonly #rendezvous: RendezvousHash;
  readonly #availableAt: number[];
  readonly #backoffs: number[];

  constructor(names: readonly string[]) {
    this.#rendezvous = new RendezvousHash(names);
    this.#availableAt = names.map(() => -Infinity);
    this.#backoffs = names.map(() => MIN_BACKOFF_MS);
  }

  /**
   * The gateway for a trace, or without one for this process. If all are away:
   * the one that it would be if none were.
   */
  choose(traceId: string = processRoutingId): number {
    const now = performance.now();
    const up = this.#rendezvous.choose(traceId, (gateway) => this.isUp(gateway, now));
    return up === -1 ? this.#rendezvous.choose(traceId, () => true) : up;
  }

  /**
   * Gives back for how long it is left alone, in milliseconds.
   *
   * @param retryAfterMs how long it asks to be, at most.
   */
  failed(gateway: number, retryAfterMs: number): number {
    const remainingMs = (this.#availableAt[gateway] ?? 0) - performance.now();
    // Of another signal's batch, or one that was on its way already.
    if (remainingMs > 0 && remainingMs >= retryAfterMs) return remainingMs;
    const pause = this.#backoffs[gateway] ?? MIN_BACKOFF_MS;
    if (remainingMs <= 0) this.#backoffs[gateway] = Math.min(pause * 2, MAX_BACKOFF_MS);
    const pauseMs = Math.max(pause, remainingMs, retryAfterMs);
    this.#availableAt[gateway] = performance.now() + pauseMs;
    return pauseMs;
  }

  /** How long it takes until one of them can be sent to, in milliseconds; 0: one can now. */
  get msUntilAvailable(): number {
    return Math.max(0, Math.min(...this.#availableAt) - performance.now());
  }

  recovered(gateway: number): void {
    this.#backoffs[gateway] = MIN_BACKOFF_MS;
  }

  isUp(gateway: number, now: number = performance.now()): boolean {
    return (this.#availableAt[gateway] ?? 0) <= now;
  }
}

const healthByNames = new Map<string, GatewayHealth>();

/** The same for all signals: what one learns of a gateway, the others need not. */
function gatewayHealthOf(gateways: readonly OtlpConfig[]): GatewayHealth {
  const names = gatewayNamesOf(gateways.map(({ url }) => new URL(url)));
  const key = names.join(" ");
  const health = healthByNames.get(key) ?? new GatewayHealth(names);
  healthByNames.set(key, health);
  return health;
}

/**
 * By host alone where that tells them apart: then services agree of which one
 * speaks gRPC and another HTTP, to other ports of the same gateways.
 */
export function gatewayNamesOf(urls: readonly URL[]): string[] {
  const hosts = urls.map(({ hostname }) => hostname);
  if (new Set(hosts).size === hosts.length) return hosts;
  return urls.map(({ host, pathname }) => host + pathname.replace(/\/v1\/\w+$/, ""));
}

type RoutedItem = EncodedItem & { readonly traceId: string | undefined };

export interface TraceIdLoadBalancerDeps<Item> {
  readonly name: string;
  readonly config: BatchConfig;
  readonly gateways: readonly OtlpConfig[];
  readonly counters: SignalCounters;
  readonly diagnostics: Diagnostics;
  readonly encode: (item: Item) => EncodedItem;
  readonly release: (item: EncodedItem) => void;
  readonly traceIdOf: (item: Item) => string | undefined;
  readonly createExporter: (gateway: OtlpConfig, retry: RetryPolicy) => OtlpExporter<EncodedItem[]>;
}

/**
 * Several gateways instead of one collector: each trace goes to one of them. A
 * queue before each, so that one that hangs holds up its own traces only; what
 * one doesn't take goes on to the next. All queues together hold what one would.
 */
class TraceIdLoadBalancer<Item> implements ItemProcessor<Item> {
  readonly #deps: TraceIdLoadBalancerDeps<Item>;
  readonly #health: GatewayHealth;
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

  /** What fails meanwhile is flushed where it moves to. */
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
    this.#batches.forEach((_, index) => this.#moveWaiting(index));
    return this.#batches.flatMap((batch) => batch.drainForExit());
  }

  get queued(): number {
    let queued = 0;
    for (const batch of this.#batches) queued += batch.queued;
    return queued;
  }

  #createBatch(gateway: OtlpConfig, index: number): BatchProcessor<Item, RoutedItem> {
    const { name, config, counters, diagnostics, encode, release, traceIdOf, createExporter } =
      this.#deps;
    return new BatchProcessor<Item, RoutedItem>({
      name,
      config,
      counters,
      diagnostics,
      encode: (item) => ({ ...encode(item), traceId: traceIdOf(item) }),
      release,
      createExporter: () =>
        withSuccessCallback(createExporter(gateway, NO_RETRY), () => this.#health.recovered(index)),
      isFull: () => this.#countWaiting() >= config.maxQueueSize,
      onUnavailable: (items, retryAfterMs) => this.#moveAll(index, items, retryAfterMs),
      onPaused: () => this.#moveWaiting(index),
    });
  }

  #countWaiting(): number {
    let waiting = 0;
    for (const batch of this.#batches) waiting += batch.length;
    return waiting;
  }

  /** Gives back how long the gateway is to be left alone, in milliseconds. */
  #moveAll(from: number, items: readonly RoutedItem[], retryAfterMs: number): number {
    const pause = this.#health.failed(from, retryAfterMs);
    const untilFirstMs = this.#health.msUntilAvailable;
    if (untilFirstMs > 0) this.#deps.counters.pausedUntil = Date.now() + untilFirstMs;
    const waiting = this.#batches[from]?.drainQueue() ?? [];
    for (const item of [...items, ...waiting]) {
      this.#batches[this.#health.choose(item.traceId)]?.requeue(item);
    }
    this.#moveCount++;
    return pause;
  }

  /** What waits for a gateway that is away since there was no other goes on once there is one. */
  #moveWaiting(from: number): void {
    if (this.#health.isUp(from) || this.#health.msUntilAvailable > 0) return;
    for (const item of this.#batches[from]?.drainQueue() ?? []) {
      this.#batches[this.#health.choose(item.traceId)]?.requeue(item);
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
  exporter: OtlpExporter<Payload>,
  onDelivered: () => void,
): OtlpExporter<Payload> {
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

/**
 * For what must not be divided, the metrics of a process: all of it to one
 * gateway, and to the next one while that is away.
 */
class FailoverExporter<Payload> implements OtlpExporter<Payload> {
  readonly #exporters: readonly OtlpExporter<Payload>[];
  readonly #health: GatewayHealth;
  #current: OtlpExporter<Payload> | undefined = undefined;

  constructor(
    gateways: readonly OtlpConfig[],
    createExporter: (gateway: OtlpConfig, retry: RetryPolicy) => OtlpExporter<Payload>,
  ) {
    this.#health = gatewayHealthOf(gateways);
    this.#exporters = gateways.map((gateway) => createExporter(gateway, NO_RETRY));
  }

  async export(payload: Payload, timeoutMs: number): Promise<ExportResult> {
    const end = performance.now() + timeoutMs;
    for (let tries = 1; ; tries++) {
      const gateway = this.#health.choose();
      this.#current = this.#exporters[gateway];
      const result = await this.#exportToCurrent(payload, end - performance.now());
      if (result.delivered) this.#health.recovered(gateway);
      if (result.retryable !== true) return result;
      this.#health.failed(gateway, result.retryAfterMs);
      const untilFirstMs = this.#health.msUntilAvailable;
      if (tries >= this.#exporters.length || untilFirstMs > 0 || performance.now() >= end) {
        // Not the pause of the last that was tried: another may be back before.
        return { ...result, retryAfterMs: untilFirstMs };
      }
    }
  }

  cancel(): boolean {
    return this.#current?.cancel() ?? false;
  }

  createExitRequest(payload: Payload, onResult: OnExitResult): ExitRequest | undefined {
    return this.#exporters[this.#health.choose()]?.createExitRequest(payload, onResult);
  }

  #exportToCurrent(payload: Payload, timeoutMs: number): Promise<ExportResult> {
    return this.#current?.export(payload, timeoutMs) ?? Promise.resolve(NO_EXPORTER_RESULT);
  }
}

/** See `FailoverExporter`. */
export function createFailoverExporter<Payload>(
  gateways: readonly OtlpConfig[],
  createExporter: (gateway: OtlpConfig, retry: RetryPolicy) => OtlpExporter<Payload>,
): OtlpExporter<Payload> {
  return new FailoverExporter(gateways, createExporter);
}

const NO_EXPORTER_RESULT: ExportResult = { delivered: false, rejected: 0, retryAfterMs: 0 };
