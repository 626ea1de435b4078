export interface PayloadPartsDeps<Payload> {
  /** The number of items in a payload that the peer has accepted or may accept. */
  readonly maxSize: number;
  /** Whether larger payloads are tried again after some time: a few large items made them small. */
  readonly grows: boolean;
  readonly sizeOf: (payload: Payload) => number;
  /** Divides a payload into parts of at most `size` items, in their order. */
  readonly divide: (payload: Payload, size: number) => readonly Payload[];
}

/** After so many single items in a row that are too large, the peer accepts nothing. */
const MAX_REFUSED_ITEMS = 3;

/** By what share of its size a payload may be larger than the one that was accepted before. */
const GROWTH = 1 / 16;

/**
 * The parts of payloads that were too large for the peer, and the number of items that it
 * accepts: half of what it has refused last, and a little more after each success.
 */
export class PayloadParts<Payload> {
  readonly #deps: PayloadPartsDeps<Payload>;
  #waiting: Payload[] = [];
  #size: number;
  #refusedItems = 0;

  constructor(deps: PayloadPartsDeps<Payload>) {
    this.#deps = deps;
    this.#size = deps.maxSize;
  }

  /** The number of items that a payload should have at most. */
  get size(): number {
    return this.#size;
  }

  /** The number of items that wait. */
  get length(): number {
    if (this.#waiting.length === 0) return 0;
    return this.#waiting.reduce((sum, part) => sum + this.#deps.sizeOf(part), 0);
  }

  /** Adds a payload behind the others. */
  add(payload: Payload): void {
    this.#waiting.push(payload);
  }

  /** Removes and returns the next part, which is not larger than what the peer accepts. */
  next(): Payload | undefined {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) return undefined;
    const [next, ...rest] = this.#deps.divide(waiting, this.#size);
    this.#waiting.unshift(...rest);
    return next;
  }

  /** Puts the halves of a payload that was too large before the others; not if it has a single item. */
  addHalves(payload: Payload): boolean {
    const half = Math.ceil(this.#deps.sizeOf(payload) / 2);
    const halves = this.#deps.divide(payload, half);
    if (halves.length < 2) {
      this.#refusedItems += 1;
      return false;
    }
    this.#size = half;
    this.#waiting.unshift(...halves);
    return true;
  }

  /**
   * Removes and returns the parts that are not worth a request: all of them, once the peer
   * has refused single items in a row. Then their size is not the reason.
   */
  takeHopeless(): Payload[] {
    if (this.#refusedItems < MAX_REFUSED_ITEMS) return [];
    this.#refusedItems = 0;
    this.#size = this.#deps.maxSize;
    return this.takeAll();
  }

  onAccepted(): void {
    this.#refusedItems = 0;
    const { maxSize, grows } = this.#deps;
    if (grows) this.#size = Math.min(maxSize, this.#size + Math.ceil(this.#size * GROWTH));
  }

  /** Removes and returns all parts. */
  takeAll(): Payload[] {
    const parts = this.#waiting;
    this.#waiting = [];
    return parts;
  }
}

/** Divides a list into parts of at most `size` items. */
export function divideList<Item>(items: readonly Item[], size: number): Item[][] {
  const parts: Item[][] = [];
  for (let from = 0; from < items.length; from += size) parts.push(items.slice(from, from + size));
  return parts;
}
