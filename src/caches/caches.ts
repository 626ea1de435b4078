import type { Attributes, Context, Counter, Meter } from "@opentelemetry/api";
import type { CacheStats, Gettable } from "../api.ts";
import { activeContext } from "../context/manager.ts";
import { callTimesIn } from "../context/unit-access.ts";

/** An app has a few caches. Names derived from keys are a mistake, and are counted together. */
const MAX_CACHES = 200;
const OVERFLOW_NAME = "other";

/**
 * Counts hits and misses by cache. OpenTelemetry has no convention for them yet
 * (https://github.com/open-telemetry/semantic-conventions/issues/1747), so this is a
 * counter of lookups with their result as an attribute, like the metrics of .NET.
 */
class CacheRegistry {
  readonly #requests: Counter;
  readonly #byName = new Map<string, CacheCounters>();

  constructor(meter: Meter) {
    this.#requests = meter.createCounter("telltale.cache.requests", {
      description: "Number of cache lookups.",
      unit: "{request}",
    });
  }

  /**
   * Counts lookups, also for the unit of work that waits for them. Never throws.
   *
   * @param context of the caller
   */
  recordLookups(
    name: string,
    hits: number,
    misses: number,
    context: Context = activeContext(),
  ): void {
    callTimesIn(context)?.recordLookups(hits, misses);
    const cache = this.#countersOf(name);
    if (hits > 0) this.#requests.add(hits, cache.hit);
    if (misses > 0) this.#requests.add(misses, cache.miss);
    cache.hits += hits;
    cache.misses += misses;
  }

  stats(): CacheStats[] {
    return Array.from(this.#byName.values(), ({ name, hits, misses }) => {
      return { name, hits, misses, ratio: hits / Math.max(1, hits + misses) };
    });
  }

  /** Counts the results of `cache.get` from now on. Null and undefined are misses. */
  watch(cache: Gettable, name: string): void {
    const { get } = cache as { readonly get: (...args: unknown[]) => unknown };
    const record = (value: unknown): void =>
      isMissing(value) ? this.recordLookups(name, 0, 1) : this.recordLookups(name, 1, 0);
    function watchedGet(this: unknown, ...args: unknown[]): unknown {
      const value = Reflect.apply(get, this, args);
      if (value instanceof Promise) return afterRecording(value, record);
      record(value);
      return value;
    }
    Object.defineProperty(watchedGet, "name", { value: "get", configurable: true });
    Object.defineProperty(cache, "get", {
      value: watchedGet,
      configurable: true,
      writable: true,
      enumerable: Object.prototype.propertyIsEnumerable.call(cache, "get"),
    });
  }

  #countersOf(cacheName: string): CacheCounters {
    const existing = this.#byName.get(cacheName);
    if (existing !== undefined) return existing;
    const name = this.#byName.size < MAX_CACHES ? cacheName : OVERFLOW_NAME;
    const cache = this.#byName.get(name) ?? createCacheCounters(name);
    this.#byName.set(name, cache);
    return cache;
  }
}

export type { CacheRegistry };

export function createCacheRegistry(meter: Meter): CacheRegistry {
  return new CacheRegistry(meter);
}

interface CacheCounters {
  readonly name: string;
  /** The attributes of both results, always the same objects, which the metric uses to find its series. */
  readonly hit: Attributes;
  readonly miss: Attributes;
  hits: number;
  misses: number;
}

function createCacheCounters(name: string): CacheCounters {
  return {
    name,
    hit: { "telltale.cache.name": name, "telltale.cache.result": "hit" },
    miss: { "telltale.cache.name": name, "telltale.cache.result": "miss" },
    hits: 0,
    misses: 0,
  };
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null;
}

/**
 * Returns a promise with the same outcome: a second listener on the app's own promise would
 * make its rejection a handled one.
 */
function afterRecording(promise: Promise<unknown>, record: (value: unknown) => void): unknown {
  return promise.then((value) => {
    record(value);
    return value;
  });
}
