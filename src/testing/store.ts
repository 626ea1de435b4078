import type {
  ReceivedCheckIn,
  ReceivedClientReport,
  ReceivedEvent,
  ReceivedItem,
  ReceivedLog,
  ReceivedMetric,
  ReceivedRequest,
  ReceivedSessions,
  ReceivedSpan,
} from "./received.ts";

import { estimateBytes } from "./estimate-bytes.ts";

/** All received items, oldest first, up to a limit. */
export interface Received {
  readonly spans: readonly ReceivedSpan[];
  readonly logs: readonly ReceivedLog[];
  readonly metrics: readonly ReceivedMetric[];
  /** All items of Sentry envelopes. */
  readonly items: readonly ReceivedItem[];
  /** The payloads of the items that are events. */
  readonly events: readonly ReceivedEvent[];
  /** The payloads of the items that are user feedback, with `contexts.feedback`. */
  readonly feedback: readonly ReceivedEvent[];
  /** The payloads of the items that are check-ins of monitors. */
  readonly checkIns: readonly ReceivedCheckIn[];
  /** The payloads of the items that are counts of sessions. */
  readonly sessions: readonly ReceivedSessions[];
  /** The payloads of the items that are client reports. */
  readonly clientReports: readonly ReceivedClientReport[];
  readonly requests: readonly ReceivedRequest[];
}

type ItemLists = { -readonly [Kind in keyof Received]: Received[Kind][number][] };

/** A pending `waitFor` call. */
interface Waiter {
  /** Resolves the call if its condition is met. */
  readonly check: () => void;
  readonly reject: (error: Error) => void;
}

/** Stores received items, and notifies pending `waitFor` calls. */
export class ReceivedStore implements Received {
  readonly #maxItems: number;
  readonly #maxBytes: number;
  #lists: ItemLists = emptyLists();
  /** Estimated sizes of the stored items, and their sum, by kind. */
  #sizes = new Map<keyof Received, { each: number[]; sum: number }>();
  readonly #waiters = new Set<Waiter>();
  #closed = false;

  /**
   * @param maxItems maximum number of items of each kind. The oldest are dropped.
   * @param maxBytes approximate memory limit of each kind, in bytes.
   */
  constructor(maxItems: number, maxBytes: number) {
    this.#maxItems = maxItems;
    this.#maxBytes = maxBytes;
  }

  get spans(): readonly ReceivedSpan[] {
    return this.#lists.spans;
  }

  get logs(): readonly ReceivedLog[] {
    return this.#lists.logs;
  }

  get metrics(): readonly ReceivedMetric[] {
    return this.#lists.metrics;
  }

  get items(): readonly ReceivedItem[] {
    return this.#lists.items;
  }

  get events(): readonly ReceivedEvent[] {
    return this.#lists.events;
  }

  get feedback(): readonly ReceivedEvent[] {
    return this.#lists.feedback;
  }

  get checkIns(): readonly ReceivedCheckIn[] {
    return this.#lists.checkIns;
  }

  get sessions(): readonly ReceivedSessions[] {
    return this.#lists.sessions;
  }

  get clientReports(): readonly ReceivedClientReport[] {
    return this.#lists.clientReports;
  }

  get requests(): readonly ReceivedRequest[] {
    return this.#lists.requests;
  }

  add<Kind extends keyof Received>(kind: Kind, items: readonly Received[Kind][number][]): void {
    const list = this.#lists[kind] as Received[Kind][number][];
    const shared = new WeakSet<object>();
    const sizes = items.map((item) => estimateBytes(item, shared));
    for (const item of items) list.push(item);
    const surplus = this.#countSurplus(kind, sizes);
    if (surplus > 0) list.splice(0, surplus);
    this.notifyWaiters();
  }

  /** Returns how many of the oldest items exceed the limits. */
  #countSurplus(kind: keyof Received, sizes: readonly number[]): number {
    const all = this.#sizes.get(kind) ?? { each: [], sum: 0 };
    this.#sizes.set(kind, all);
    for (const size of sizes) {
      all.each.push(size);
      all.sum += size;
    }
    let surplus = 0;
    while (all.each.length - surplus > this.#maxItems || all.sum > this.#maxBytes) {
      all.sum -= all.each[surplus++] ?? 0;
    }
    if (surplus > 0) all.each.splice(0, surplus);
    return surplus;
  }

  /** Checks all pending `waitFor` calls, after a change of the stored items. */
  notifyWaiters(): void {
    for (const { check } of [...this.#waiters]) check();
  }

  clear(): void {
    this.#lists = emptyLists();
    this.#sizes.clear();
  }

  /** See `Receiver.waitFor`. */
  waitFor<T>(
    find: (received: Received) => T | undefined | false,
    what: string,
    timeoutMs: number,
  ): Promise<T> {
    const immediate = find(this);
    if (immediate !== undefined && immediate !== false) return Promise.resolve(immediate);
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        reject(error);
      };
      const check = (): void => {
        try {
          const result = find(this);
          if (result === undefined || result === false) return;
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve(result);
        } catch (error) {
          fail(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const waiter: Waiter = { check, reject: fail };
      const timer = setTimeout(() => {
        fail(new Error(`no ${what} within ${timeoutMs} ms; received: ${this.#summary()}`));
      }, timeoutMs);
      this.#waiters.add(waiter);
    });
  }

  /** Rejects pending `waitFor` calls, so that they don't keep the process alive. */
  close(): void {
    this.#closed = true;
    for (const { reject } of [...this.#waiters]) reject(closedError());
  }

  #summary(): string {
    return Object.entries(this.#lists)
      .map(([kind, list]) => `${list.length} ${kind}`)
      .join(", ");
  }
}

function emptyLists(): ItemLists {
  return {
    ...{ spans: [], logs: [], metrics: [] },
    ...{ items: [], events: [], feedback: [], checkIns: [] },
    ...{ sessions: [], clientReports: [] },
    requests: [],
  };
}

function closedError(): Error {
  return new Error("the receiver was closed");
}
