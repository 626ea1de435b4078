import { isUnloadable } from "../lazy.ts";
import type { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";

export interface ItemQueueDeps<Item, Encoded> {
  /** The items in the plural, for log lines: "spans". */
  readonly name: string;
  readonly counters: SignalCounters;
  readonly diagnostics: Diagnostics;
  /** Returns what is queued of an item. May load a lazy module. */
  readonly encode: (item: Item) => Encoded;
  /**
   * Whether an item is kept rather than others when the queue is full: it is about an error.
   * Default: none is.
   */
  readonly isPreferred?: (item: Item) => boolean;
  /** Called with each encoded item that was sent or dropped. */
  readonly release?: (encoded: Encoded) => void;
  /** Whether the queue is full; default: it holds as many items as the configuration allows. */
  readonly isFull?: () => boolean;
}

/**
 * How many items are encoded in one go. An item that is encoded in the middle of a
 * request finds the processor's caches full of the app's code: that took 4 us
 * instead of 1.5 (measured on Express). Larger chunks would let the items outlive
 * V8's young generation.
 */
const ENCODE_CHUNK_SIZE = 64;

/**
 * A bounded queue that encodes its items in chunks. When it is full, it drops the newest
 * item; a preferred one takes the place of the newest that is not.
 */
export class ItemQueue<Item, Encoded> {
  readonly #deps: ItemQueueDeps<Item, Encoded>;
  readonly #isFullElsewhere: (() => boolean) | undefined;
  readonly #capacity: number;
  /** The latest items, until there are enough of them to be encoded. */
  #unencoded: Item[] = [];
  #encoded: Encoded[] = [];
  /** Whether each of `#encoded` is preferred. */
  #preferred: boolean[] = [];
  /** All of `#encoded` from here on are preferred. */
  #preferredFrom = 0;
  #droppedWhileFull = 0;

  constructor(deps: ItemQueueDeps<Item, Encoded>, capacity: number) {
    this.#deps = deps;
    this.#isFullElsewhere = deps.isFull;
    this.#capacity = capacity;
  }

  get length(): number {
    return this.#encoded.length + this.#unencoded.length;
  }

  /** Adds an item, or drops and counts it. Returns whether it was added. For the hot path. */
  add(item: Item): boolean {
    if (this.#isFull()) {
      if (this.#deps.isPreferred?.(item) === true) this.#replaceNewest(item);
      else this.#countDropped();
      return false;
    }
    // More than a chunk of them wait if the encoder can't be loaded.
    if (this.#unencoded.push(item) % ENCODE_CHUNK_SIZE === 0) this.encodePending();
    return true;
  }

  /** Adds an item that is already encoded, or drops, counts and releases it. */
  addEncoded(encoded: Encoded, isPreferred = false): boolean {
    if (this.#isFull()) {
      this.#countDropped();
      this.#deps.release?.(encoded);
      return false;
    }
    this.#push(encoded, isPreferred);
    return true;
  }

  /** Encodes the items that wait for a chunk to fill up; not if no file descriptor is left to load the encoder. */
  encodePending(): void {
    const items = this.#unencoded;
    if (items.length === 0) return;
    this.#unencoded = [];
    for (const [index, item] of items.entries()) {
      if (this.#encode(item)) continue;
      this.#unencoded = items.slice(index);
      return;
    }
  }

  /** Removes and returns the oldest items, at most `max` of them. */
  take(max: number): Encoded[] {
    this.encodePending();
    if (this.#encoded.length <= max) return this.takeAll();
    this.#preferred.splice(0, max);
    this.#preferredFrom = Math.max(0, this.#preferredFrom - max);
    return this.#encoded.splice(0, max);
  }

  takeAll(): Encoded[] {
    this.encodePending();
    const items = this.#encoded;
    this.#encoded = [];
    this.#preferred = [];
    this.#preferredFrom = 0;
    return items;
  }

  /** Removes and returns all items. Drops and counts those whose encoder can't be loaded. */
  takeForExit(): Encoded[] {
    const items = this.takeAll();
    const { length } = this.#unencoded;
    if (length > 0) this.#countFailed(length, "no file descriptor is left");
    this.#unencoded = [];
    return items;
  }

  /** Logs that the queue drains again, once it is half empty. */
  logRecovery(): void {
    if (this.#droppedWhileFull === 0 || this.length > this.#capacity / 2) return;
    const { diagnostics, name } = this.#deps;
    diagnostics.info(
      `${name} queue recovered`,
      `the queue of ${name} drains again; ${this.#droppedWhileFull} were dropped`,
    );
    this.#droppedWhileFull = 0;
  }

  #isFull(): boolean {
    const isFullElsewhere = this.#isFullElsewhere;
    return isFullElsewhere === undefined ? this.length >= this.#capacity : isFullElsewhere();
  }

  /**
   * Returns false if no file descriptor is left to load the encoder. Never throws: the
   * app's own code ends the span or writes the line.
   */
  #encode(item: Item): boolean {
    try {
      this.#push(this.#deps.encode(item), this.#deps.isPreferred?.(item) === true);
    } catch (error) {
      if (isUnloadable(error)) return false;
      this.#countFailed(1, error);
    }
    return true;
  }

  #countFailed(count: number, reason: unknown): void {
    const { name, counters, diagnostics } = this.#deps;
    counters.drop("failed", count);
    diagnostics.error(`${name} store`, `${name} could not be encoded: ${String(reason)}`);
  }

  #push(encoded: Encoded, isPreferred: boolean): void {
    this.#encoded.push(encoded);
    this.#preferred.push(isPreferred);
    if (!isPreferred) this.#preferredFrom = this.#encoded.length;
  }

  /** Puts a preferred item in the place of the newest that is not; drops it if there is none. */
  #replaceNewest(item: Item): void {
    this.encodePending();
    while (this.#preferredFrom > 0 && this.#preferred[this.#preferredFrom - 1] === true)
      this.#preferredFrom--;
    const at = this.#preferredFrom - 1;
    const replaced = this.#encoded[at];
    if (replaced === undefined) {
      this.#countDropped();
      return;
    }
    try {
      this.#encoded[at] = this.#deps.encode(item);
    } catch (error) {
      this.#countFailed(1, error);
      return;
    }
    this.#preferred[at] = true;
    this.#deps.release?.(replaced);
    this.#countDropped();
  }

  #countDropped(): void {
    const { counters, diagnostics, name } = this.#deps;
    counters.drop("queue_full", 1);
    this.#droppedWhileFull += 1;
    if (this.#droppedWhileFull > 1) return;
    diagnostics.warn(
      `${name} queue`,
      `the queue of ${name} is full (${this.#capacity}); new ones are dropped and counted until it drains`,
    );
  }
}
