import { AsyncLocalStorage } from "node:async_hooks";
import type { BatchConfig } from "../config/config.ts";
import { runSuppressed } from "../context/manager.ts";
import type { Account } from "../diagnostics/account.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { ExitRequest, PendingRequest, Pipeline } from "./exit.ts";
import type { Outcome, Sender } from "./sender.ts";

export interface BatchOptions<Item, Stored> {
  /** What the items are, in the plural, for our lines: "spans". */
  readonly name: string;
  readonly config: BatchConfig;
  /** The caller counts `made` (it also knows what never comes here); the batch counts the rest. */
  readonly account: Account;
  readonly diagnostics: Diagnostics;
  /** What is queued of an item that there is room for. */
  readonly store: (item: Item) => Stored;
  /** What was stored has been sent or dropped. */
  readonly release?: (stored: Stored) => void;
  /** Called once, before the first export: it loads the chunk. */
  readonly sender: () => Sender<Stored[]>;
  /** Whether there is no room for more; default: as many wait as the configuration allows. */
  readonly isFull?: () => boolean;
  /**
   * Takes over what a peer that is away or can't now didn't take, and says how
   * long it is to be left alone, in milliseconds. Default: it is dropped.
   *
   * @param holdMs how long the peer asks to be left alone, at most.
   */
  readonly whenAway?: (items: readonly Stored[], holdMs: number) => number;
  /** The peer is left alone still, and something waits for it: others may take that. */
  readonly whenHeld?: () => void;
}

interface Flight<Stored> {
  readonly items: Stored[];
  readonly landed: Promise<void>;
}

/**
 * How many items are stored one after the other. To encode one amid a request
 * finds the processor's caches full of the app's code: it took 4 us instead of
 * 1.5 (measured on Express). To keep more of them would let them outlive V8's
 * young generation.
 */
const AT_ONE_GO = 64;

const failed: Outcome = { delivered: false, rejected: 0, holdMs: 0 };

/**
 * A bounded queue before a sender, with the rules of the specification's batch
 * processors: an export when a batch is full or the delay is over, one export at
 * a time, the newest dropped when the queue is full.
 *
 * Nothing here holds the process open: timers are unref'd, and what is left at
 * the end is taken by `pending`.
 */
export class Batch<Item, Stored = Item> implements Pipeline {
  readonly #options: BatchOptions<Item, Stored>;
  readonly #capacity: number;
  readonly #size: number;
  /** Made at start, outside of any request, so that it keeps none alive; re-armed with `refresh`. */
  readonly #timer: NodeJS.Timeout;
  /** Runs work outside of whatever request asks for it: connections keep their first context. */
  readonly #outside: <R>(work: () => R) => R = AsyncLocalStorage.snapshot();
  #sender: Sender<Stored[]> | undefined = undefined;
  /** What has just come, until there is enough of it to be stored at one go. */
  #fresh: Item[] = [];
  #queue: Stored[] = [];
  #flight: Flight<Stored> | undefined = undefined;
  /** An export will come without further doing: the timer runs, or one is in flight. */
  #armed = true;
  #landed = 0;
  #refused = 0;
  #heldUntil = 0;

  constructor(options: BatchOptions<Item, Stored>) {
    this.#options = options;
    this.#capacity = options.config.maxQueueSize;
    this.#size = Math.min(options.config.maxBatchSize, options.config.maxQueueSize);
    this.#timer = setTimeout(() => this.#export(), options.config.delayMs).unref();
  }

  /** Queues one item, or drops it when the queue is full. For the hot path. */
  add(item: Item): void {
    if (this.#isFull()) {
      this.#refuse();
      return;
    }
    if (this.#fresh.push(item) >= AT_ONE_GO) this.#storeFresh();
    this.#queued();
  }

  /** How many items wait or are under way, counted here and not by the account. */
  get queued(): number {
    return this.length + (this.#flight?.items.length ?? 0);
  }

  /** How many items wait. */
  get length(): number {
    return this.#queue.length + this.#fresh.length;
  }

  /** All that waits; it is the caller's now. */
  takeAll(): Stored[] {
    this.#storeFresh();
    const items = this.#queue;
    this.#queue = [];
    return items;
  }

  /** Queues what was stored before, or drops it when the queue is full. */
  restore(stored: Stored): void {
    if (this.#isFull()) {
      this.#refuse();
      this.#options.release?.(stored);
      return;
    }
    this.#queue.push(stored);
    this.#queued();
  }

  #isFull(): boolean {
    const { isFull } = this.#options;
    return isFull === undefined ? this.length >= this.#capacity : isFull();
  }

  #queued(): void {
    if (!this.#armed) {
      this.#armed = true;
      this.#timer.refresh();
    }
    if (this.length === this.#size && this.#flight === undefined) this.#exportSoon();
  }

  #storeFresh(): void {
    const items = this.#fresh;
    if (items.length === 0) return;
    this.#fresh = [];
    for (const item of items) this.#store(item);
  }

  /** What ends a span or writes a line is the app: it must not learn of our troubles. */
  #store(item: Item): void {
    try {
      this.#queue.push(this.#options.store(item));
    } catch (error) {
      const { name, account, diagnostics } = this.#options;
      account.drop("failed", 1);
      diagnostics.error(`${name} store`, `${name} could not be encoded: ${String(error)}`);
    }
  }

  /**
   * Sends what is queued now, and awaits what is in flight. The one timer of ours
   * that holds the process open: somebody awaits this, and an `await` at top level
   * that nothing holds would end the process with exit code 13.
   */
  async flush(timeoutMs: number): Promise<void> {
    const limit = deadline(timeoutMs);
    await Promise.race([limit.over, this.#drain(limit)]);
    limit.clear();
  }

  /**
   * What the peer will not get from the export under way, and the whole queue, as
   * requests. An export whose request the kernel has in full is left to it: the
   * kernel delivers after our end, and sending it again would double it. All else
   * (waiting for a retry, connecting, half written) can't have been accepted, since
   * a body that stops early is refused, so it is sent again.
   */
  pending(): PendingRequest[] {
    this.#storeFresh();
    const items = [...this.#unsent(), ...this.#queue];
    this.#queue = [];
    const requests: PendingRequest[] = [];
    for (let start = 0; start < items.length; start += this.#size) {
      const some = items.slice(start, start + this.#size);
      requests.push(() => this.#request(some));
    }
    return requests;
  }

  async #drain(limit: Deadline): Promise<void> {
    this.#storeFresh();
    const target = this.#landed + (this.#flight?.items.length ?? 0) + this.#queue.length;
    while (!limit.passed && this.#landed < target) {
      if (this.#flight === undefined) {
        if (this.#queue.length === 0) return;
        this.#export();
        // It may have gone elsewhere instead.
        if (this.#flight === undefined && this.length === 0) return;
      }
      await (this.#flight?.landed ?? pause(this.#heldUntil - performance.now()));
    }
  }

  /** Not unref'd: an idle loop would sleep over it, and it holds the process for a turn at most. */
  #exportSoon(): void {
    setImmediate(() => this.#export());
  }

  #export(): void {
    this.#armed = false;
    if (this.#flight !== undefined) {
      this.#armed = true;
      return;
    }
    this.#storeFresh();
    if (this.#queue.length === 0) return;
    if (performance.now() < this.#heldUntil) {
      this.#options.whenHeld?.();
      if (this.length > 0) this.#wait();
      return;
    }
    this.#armed = true;
    this.#fly(this.#take());
  }

  #wait(): void {
    this.#armed = true;
    this.#timer.refresh();
  }

  #take(): Stored[] {
    if (this.#queue.length > this.#size) return this.#queue.splice(0, this.#size);
    const items = this.#queue;
    this.#queue = [];
    return items;
  }

  #fly(items: Stored[]): void {
    const outcome = this.#send(items);
    const flight: Flight<Stored> = {
      items,
      landed: outcome.then((result) => {
        if (this.#flight === flight) this.#land(flight, result);
      }),
    };
    this.#flight = flight;
  }

  async #send(items: Stored[]): Promise<Outcome> {
    try {
      return await this.#outside(() =>
        runSuppressed(() => this.#open().send(items, this.#options.config.exportTimeoutMs)),
      );
    } catch (error) {
      this.#broken(error);
      return failed;
    }
  }

  #open(): Sender<Stored[]> {
    this.#sender ??= this.#options.sender();
    return this.#sender;
  }

  #land(flight: Flight<Stored>, outcome: Outcome): void {
    this.#flight = undefined;
    this.#landed += flight.items.length;
    this.#settle(flight.items, outcome);
    if (this.length >= this.#size) this.#export();
    else if (this.length > 0) this.#wait();
    else this.#armed = false;
  }

  #settle(items: Stored[], outcome: Outcome): void {
    const { whenAway, account, release } = this.#options;
    if (outcome.delivered) this.#delivered(items.length, outcome.rejected);
    else if (whenAway !== undefined && outcome.away === true) {
      this.#heldUntil = performance.now() + whenAway(items, outcome.holdMs);
      return;
    } else {
      account.drop("failed", items.length);
      if (outcome.holdMs > 0) this.#hold(outcome.holdMs);
    }
    if (release !== undefined) for (const item of items) release(item);
  }

  #hold(ms: number): void {
    this.#heldUntil = performance.now() + ms;
    this.#options.account.pausedUntil = Date.now() + ms;
  }

  #delivered(count: number, rejected: number): void {
    const { account } = this.#options;
    const refused = Math.min(rejected, count);
    account.sent += count - refused;
    account.drop("rejected", refused);
    this.#recover();
  }

  #refuse(): void {
    const { account, diagnostics, name } = this.#options;
    account.drop("queue_full", 1);
    this.#refused += 1;
    if (this.#refused > 1) return;
    diagnostics.warn(
      `${name} queue`,
      `the queue of ${name} is full (${this.#capacity}); new ones are dropped and counted until it drains`,
    );
  }

  #recover(): void {
    if (this.#refused === 0 || this.length > this.#capacity / 2) return;
    const { diagnostics, name } = this.#options;
    diagnostics.info(
      `${name} queue recovered`,
      `the queue of ${name} drains again; ${this.#refused} were dropped`,
    );
    this.#refused = 0;
  }

  #unsent(): Stored[] {
    const flight = this.#flight;
    if (flight === undefined || this.#sender?.abandon() === true) return [];
    this.#flight = undefined;
    return flight.items;
  }

  #request(items: Stored[]): ExitRequest | undefined {
    try {
      const request = this.#open().request(items, (delivered, rejected) => {
        if (delivered) this.#delivered(items.length, rejected);
        else this.#options.account.drop("shutdown", items.length);
      });
      if (request === undefined) this.#options.account.drop("failed", items.length);
      return request;
    } catch (error) {
      this.#options.account.drop("failed", items.length);
      this.#broken(error);
      return undefined;
    }
  }

  #broken(error: unknown): void {
    const { diagnostics, name } = this.#options;
    diagnostics.error(`${name} export`, `${name} could not be exported: ${String(error)}`);
  }
}

interface Deadline {
  readonly over: Promise<void>;
  passed: boolean;
  clear(): void;
}

function deadline(ms: number): Deadline {
  const limit = { passed: false } as Deadline & { over: Promise<void> };
  limit.over = new Promise((resolve) => {
    const pass = (): void => {
      limit.passed = true;
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(pass, Math.max(0, ms));
    limit.clear = pass;
  });
  return limit;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, ms)).unref();
  });
}
