import type {
  ReceivedEvent,
  ReceivedItem,
  ReceivedLog,
  ReceivedMetric,
  ReceivedRequest,
  ReceivedSpan,
} from "./received.ts";

import { weightOf } from "./weight.ts";

/** Everything that came in, oldest first, bounded. */
export interface Received {
  readonly spans: readonly ReceivedSpan[];
  readonly logs: readonly ReceivedLog[];
  readonly metrics: readonly ReceivedMetric[];
  /** All items of Sentry envelopes. */
  readonly items: readonly ReceivedItem[];
  /** The payloads of those that are events. */
  readonly events: readonly ReceivedEvent[];
  readonly requests: readonly ReceivedRequest[];
}

type Kinds = { -readonly [Kind in keyof Received]: Received[Kind][number][] };

/** Somebody who waits for something to arrive. */
interface Waiting {
  /** Looks whether it is there. */
  readonly look: () => void;
  readonly fail: (error: Error) => void;
}

/** The rooms of the store, and who waits for something to arrive in them. */
export class Store implements Received {
  readonly #limit: number;
  readonly #limitBytes: number;
  #kept: Kinds = empty();
  /** What each item of the above takes, and all of a kind. */
  #weights = new Map<keyof Received, { each: number[]; sum: number }>();
  readonly #waiting = new Set<Waiting>();
  #closed = false;

  /**
   * @param limit how many of each kind are kept; the oldest go first.
   * @param limitBytes what they may take in memory, about.
   */
  constructor(limit: number, limitBytes: number) {
    this.#limit = limit;
    this.#limitBytes = limitBytes;
  }

  get spans(): readonly ReceivedSpan[] {
    return this.#kept.spans;
  }

  get logs(): readonly ReceivedLog[] {
    return this.#kept.logs;
  }

  get metrics(): readonly ReceivedMetric[] {
    return this.#kept.metrics;
  }

  get items(): readonly ReceivedItem[] {
    return this.#kept.items;
  }

  get events(): readonly ReceivedEvent[] {
    return this.#kept.events;
  }

  get requests(): readonly ReceivedRequest[] {
    return this.#kept.requests;
  }

  add<Kind extends keyof Received>(kind: Kind, found: readonly Received[Kind][number][]): void {
    const kept = this.#kept[kind] as Received[Kind][number][];
    const shared = new WeakSet<object>();
    const weights = found.map((one) => weightOf(one, shared));
    for (const one of found) kept.push(one);
    const surplus = this.#surplusWith(kind, weights);
    if (surplus > 0) kept.splice(0, surplus);
    this.changed();
  }

  /** How many of the oldest have to go. */
  #surplusWith(kind: keyof Received, weights: readonly number[]): number {
    const all = this.#weights.get(kind) ?? { each: [], sum: 0 };
    this.#weights.set(kind, all);
    for (const weight of weights) {
      all.each.push(weight);
      all.sum += weight;
    }
    let surplus = 0;
    while (all.each.length - surplus > this.#limit || all.sum > this.#limitBytes) {
      all.sum -= all.each[surplus++] ?? 0;
    }
    if (surplus > 0) all.each.splice(0, surplus);
    return surplus;
  }

  /** Something that is kept has changed: whoever waits looks again. */
  changed(): void {
    for (const { look } of [...this.#waiting]) look();
  }

  clear(): void {
    this.#kept = empty();
    this.#weights.clear();
  }

  /** See `Receiver.waitFor`. */
  waitFor<T>(
    look: (received: Received) => T | undefined | false,
    what: string,
    timeoutMs: number,
  ): Promise<T> {
    const there = look(this);
    if (there !== undefined && there !== false) return Promise.resolve(there);
    if (this.#closed) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
        reject(error);
      };
      const attempt = (): void => {
        try {
          const found = look(this);
          if (found === undefined || found === false) return;
          clearTimeout(timer);
          this.#waiting.delete(waiting);
          resolve(found);
        } catch (error) {
          fail(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const waiting: Waiting = { look: attempt, fail };
      const timer = setTimeout(() => {
        fail(new Error(`no ${what} within ${timeoutMs} ms; received: ${this.#summary()}`));
      }, timeoutMs);
      this.#waiting.add(waiting);
    });
  }

  /** Nothing comes any more: whoever waits is told, and holds the process no longer. */
  close(): void {
    this.#closed = true;
    for (const { fail } of [...this.#waiting]) fail(closed());
  }

  #summary(): string {
    return Object.entries(this.#kept)
      .map(([kind, kept]) => `${kept.length} ${kind}`)
      .join(", ");
  }
}

function empty(): Kinds {
  return { spans: [], logs: [], metrics: [], items: [], events: [], requests: [] };
}

function closed(): Error {
  return new Error("the receiver was closed");
}
