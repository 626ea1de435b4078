import { randomBytes } from "node:crypto";
import type { BatchConfig, OtlpConfig } from "../config/config.ts";
import type { Account } from "../diagnostics/account.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { Batch } from "./batch.ts";
import type { EncodedItem } from "./encoded-item.ts";
import type { ExitRequest, ItemBatch, PendingRequest } from "./exit.ts";
import { Rendezvous } from "./rendezvous.ts";
import type { RetryPolicy } from "./retry.ts";
import type { Outcome, Sender, Settle } from "./sender.ts";

/** Nothing is tried twice where there are others: they are there for that. */
const ONE_ATTEMPT: RetryPolicy = {
  attempts: 1,
  firstMs: 0,
  factor: 1,
  maxMs: 0,
  jitter: 0,
};

/** How long a gateway that failed is left alone; each further failure doubles it. */
const SHORTEST_MS = 1000;
const LONGEST_MS = 30_000;

/** What does not belong to a trace goes to one gateway, another one for each process. */
const ownId: string = randomBytes(16).toString("hex");

/** Who of several gateways can be sent to, as far as we know. */
class Peers {
  readonly #rendezvous: Rendezvous;
  readonly #back: number[];
  readonly #pauses: number[];

  constructor(names: readonly string[]) {
    this.#rendezvous = new Rendezvous(names);
    this.#back = names.map(() => -Infinity);
    this.#pauses = names.map(() => SHORTEST_MS);
  }

  /**
   * The gateway for a trace, or without one for this process. If all are away:
   * the one that it would be if none were.
   */
  choose(traceId: string = ownId): number {
    const now = performance.now();
    const up = this.#rendezvous.choose(traceId, (gateway) => this.isUp(gateway, now));
    return up === -1 ? this.#rendezvous.choose(traceId, () => true) : up;
  }

  /**
   * Gives back for how long it is left alone, in milliseconds.
   *
   * @param holdMs how long it asks to be, at most.
   */
  failed(gateway: number, holdMs: number): number {
    const left = (this.#back[gateway] ?? 0) - performance.now();
    // Of another signal's batch, or one that was on its way already.
    if (left > 0 && left >= holdMs) return left;
    const pause = this.#pauses[gateway] ?? SHORTEST_MS;
    if (left <= 0) this.#pauses[gateway] = Math.min(pause * 2, LONGEST_MS);
    const longest = Math.max(pause, left, holdMs);
    this.#back[gateway] = performance.now() + longest;
    return longest;
  }

  /** How long it takes until one of them can be sent to, in milliseconds; 0: one can now. */
  get untilFirstMs(): number {
    return Math.max(0, Math.min(...this.#back) - performance.now());
  }

  worked(gateway: number): void {
    this.#pauses[gateway] = SHORTEST_MS;
  }

  isUp(gateway: number, now: number = performance.now()): boolean {
    return (this.#back[gateway] ?? 0) <= now;
  }
}

const known = new Map<string, Peers>();

/** The same for all signals: what one learns of a gateway, the others need not. */
function peersOf(gateways: readonly OtlpConfig[]): Peers {
  const names = namesOf(gateways.map(({ url }) => new URL(url)));
  const key = names.join(" ");
  const peers = known.get(key) ?? new Peers(names);
  known.set(key, peers);
  return peers;
}

/**
 * By host alone where that tells them apart: then services agree of which one
 * speaks gRPC and another HTTP, to other ports of the same gateways.
 */
export function namesOf(urls: readonly URL[]): string[] {
  const hosts = urls.map(({ hostname }) => hostname);
  if (new Set(hosts).size === hosts.length) return hosts;
  return urls.map(({ host, pathname }) => host + pathname.replace(/\/v1\/\w+$/, ""));
}

type Routed = EncodedItem & { readonly traceId: string | undefined };

export interface GatewaysParts<Item> {
  readonly name: string;
  readonly config: BatchConfig;
  readonly gateways: readonly OtlpConfig[];
  readonly account: Account;
  readonly diagnostics: Diagnostics;
  readonly encode: (item: Item) => EncodedItem;
  readonly release: (item: EncodedItem) => void;
  readonly traceIdOf: (item: Item) => string | undefined;
  readonly sender: (gateway: OtlpConfig, retry: RetryPolicy) => Sender<EncodedItem[]>;
}

/**
 * Several gateways instead of one collector: each trace goes to one of them. A
 * queue before each, so that one that hangs holds up its own traces only; what
 * one doesn't take goes on to the next. All queues together hold what one would.
 */
class Gateways<Item> implements ItemBatch<Item> {
  readonly #parts: GatewaysParts<Item>;
  readonly #peers: Peers;
  readonly #batches: readonly Batch<Item, Routed>[];
  #moves = 0;

  constructor(parts: GatewaysParts<Item>) {
    this.#parts = parts;
    this.#peers = peersOf(parts.gateways);
    this.#batches = parts.gateways.map((gateway, index) => this.#createBatch(gateway, index));
  }

  add(item: Item): void {
    this.#batches[this.#peers.choose(this.#parts.traceIdOf(item))]?.add(item);
  }

  /** What fails meanwhile is flushed where it moves to. */
  async flush(timeoutMs: number): Promise<void> {
    const end = performance.now() + timeoutMs;
    let moves: number;
    do {
      moves = this.#moves;
      const left = Math.max(0, end - performance.now());
      await Promise.all(this.#batches.map((batch) => batch.flush(left)));
    } while (moves !== this.#moves && performance.now() < end);
  }

  pending(): PendingRequest[] {
    this.#batches.forEach((_, index) => this.#moveHeld(index));
    return this.#batches.flatMap((batch) => batch.pending());
  }

  get queued(): number {
    let queued = 0;
    for (const batch of this.#batches) queued += batch.queued;
    return queued;
  }

  #createBatch(gateway: OtlpConfig, index: number): Batch<Item, Routed> {
    const { name, config, account, diagnostics, encode, release, traceIdOf, sender } = this.#parts;
    return new Batch<Item, Routed>({
      name,
      config,
      account,
      diagnostics,
      store: (item) => ({ ...encode(item), traceId: traceIdOf(item) }),
      release,
      sender: () => watched(sender(gateway, ONE_ATTEMPT), () => this.#peers.worked(index)),
      isFull: () => this.#waiting() >= config.maxQueueSize,
      whenAway: (items, holdMs) => this.#moveAll(index, items, holdMs),
      whenHeld: () => this.#moveHeld(index),
    });
  }

  #waiting(): number {
    let waiting = 0;
    for (const batch of this.#batches) waiting += batch.length;
    return waiting;
  }

  /** Gives back how long the gateway is to be left alone, in milliseconds. */
  #moveAll(from: number, items: readonly Routed[], holdMs: number): number {
    const pause = this.#peers.failed(from, holdMs);
    const untilFirstMs = this.#peers.untilFirstMs;
    if (untilFirstMs > 0) this.#parts.account.pausedUntil = Date.now() + untilFirstMs;
    const waiting = this.#batches[from]?.takeAll() ?? [];
    for (const item of [...items, ...waiting]) {
      this.#batches[this.#peers.choose(item.traceId)]?.restore(item);
    }
    this.#moves++;
    return pause;
  }

  /** What waits for a gateway that is away since there was no other goes on once there is one. */
  #moveHeld(from: number): void {
    if (this.#peers.isUp(from) || this.#peers.untilFirstMs > 0) return;
    for (const item of this.#batches[from]?.takeAll() ?? []) {
      this.#batches[this.#peers.choose(item.traceId)]?.restore(item);
    }
    this.#moves++;
  }
}

/** See `Gateways`. */
export function createGateways<Item>(parts: GatewaysParts<Item>): ItemBatch<Item> {
  return new Gateways(parts);
}

function watched<Payload>(sender: Sender<Payload>, whenDelivered: () => void): Sender<Payload> {
  return {
    send: async (payload, timeoutMs) => {
      const outcome = await sender.send(payload, timeoutMs);
      if (outcome.delivered) whenDelivered();
      return outcome;
    },
    abandon: () => sender.abandon(),
    request: (payload, settle) => sender.request(payload, settle),
  };
}

/**
 * For what must not be divided, the metrics of a process: all of it to one
 * gateway, and to the next one while that is away.
 */
class FailoverSender<Payload> implements Sender<Payload> {
  readonly #senders: readonly Sender<Payload>[];
  readonly #peers: Peers;
  #current: Sender<Payload> | undefined = undefined;

  constructor(
    gateways: readonly OtlpConfig[],
    sender: (gateway: OtlpConfig, retry: RetryPolicy) => Sender<Payload>,
  ) {
    this.#peers = peersOf(gateways);
    this.#senders = gateways.map((gateway) => sender(gateway, ONE_ATTEMPT));
  }

  async send(payload: Payload, timeoutMs: number): Promise<Outcome> {
    const end = performance.now() + timeoutMs;
    for (let tries = 1; ; tries++) {
      const gateway = this.#peers.choose();
      this.#current = this.#senders[gateway];
      const outcome = await this.#send(payload, end - performance.now());
      if (outcome.delivered) this.#peers.worked(gateway);
      if (outcome.away !== true) return outcome;
      this.#peers.failed(gateway, outcome.holdMs);
      const untilFirstMs = this.#peers.untilFirstMs;
      if (tries >= this.#senders.length || untilFirstMs > 0 || performance.now() >= end) {
        // Not the pause of the last that was tried: another may be back before.
        return { ...outcome, holdMs: untilFirstMs };
      }
    }
  }

  abandon(): boolean {
    return this.#current?.abandon() ?? false;
  }

  request(payload: Payload, settle: Settle): ExitRequest | undefined {
    return this.#senders[this.#peers.choose()]?.request(payload, settle);
  }

  #send(payload: Payload, timeoutMs: number): Promise<Outcome> {
    return this.#current?.send(payload, timeoutMs) ?? Promise.resolve(NOWHERE);
  }
}

/** See `FailoverSender`. */
export function createFailover<Payload>(
  gateways: readonly OtlpConfig[],
  sender: (gateway: OtlpConfig, retry: RetryPolicy) => Sender<Payload>,
): Sender<Payload> {
  return new FailoverSender(gateways, sender);
}

const NOWHERE: Outcome = { delivered: false, rejected: 0, holdMs: 0 };
