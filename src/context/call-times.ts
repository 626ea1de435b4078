/** What a unit of work waits for. */
export type CallKind = "database" | "cache" | "outgoing";

/** Number of calls, and the time in milliseconds in which at least one of them was in progress. */
export interface CallTime {
  readonly count: number;
  readonly ms: number;
}

/** Calls in progress and their time; calls at the same time count once. */
class BusyTime implements CallTime {
  count = 0;
  ms = 0;
  #inProgress = 0;
  #since = 0;

  started(at: number): void {
    this.count++;
    if (this.#inProgress++ === 0) this.#since = at;
  }

  ended(at: number): void {
    if (--this.#inProgress === 0) this.ms += Math.max(0, at - this.#since);
  }

  until(at: number): CallTime {
    const ms = this.#inProgress === 0 ? this.ms : this.ms + Math.max(0, at - this.#since);
    return { count: this.count, ms };
  }
}

/** The calls of a unit of work: database queries, cache lookups, requests to other services. */
export class CallTimes {
  /** Number of cache lookups that found a value, in a store or in memory. */
  cacheHits = 0;
  cacheMisses = 0;
  readonly #all = new BusyTime();
  readonly #byKind: Partial<Record<CallKind, BusyTime>> = {};

  /** @param at milliseconds on the monotonic clock, as in the other methods */
  started(kind: CallKind, at: number): void {
    this.#all.started(at);
    (this.#byKind[kind] ??= new BusyTime()).started(at);
  }

  ended(kind: CallKind, at: number): void {
    this.#all.ended(at);
    this.#byKind[kind]?.ended(at);
  }

  recordLookups(hits: number, misses: number): void {
    this.cacheHits += hits;
    this.cacheMisses += misses;
  }

  /** Returns the calls of a kind that started before a time; undefined without any. */
  until(kind: CallKind, at: number): CallTime | undefined {
    return this.#byKind[kind]?.until(at);
  }

  /** Returns the time in which any call was in progress. */
  busyMsUntil(at: number): number {
    return this.#all.until(at).ms;
  }
}

/** Stores that are mostly used as caches, by `db.system.name`. */
const CACHES: ReadonlySet<unknown> = new Set(["redis", "memcached"]);

/** Returns the kind of a call by the attributes that its span starts with. */
export function callKindOf(attributes: Readonly<Record<string, unknown>> | undefined): CallKind {
  const system = attributes?.["db.system.name"] ?? attributes?.["db.system"];
  if (system === undefined) return "outgoing";
  return CACHES.has(system) ? "cache" : "database";
}
