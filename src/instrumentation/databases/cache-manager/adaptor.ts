import type { Adaptor, CacheCounter } from "../../loading/adaptor.ts";
import { copyFunctionProperties, replaceExports } from "../../loading/replace-method.ts";

/**
 * Counts hits and misses of each `cache-manager` 5 to 7 cache, by its `cacheId`,
 * or together for caches without one. A lookup in several stores below one cache
 * counts once.
 */
export const adaptor: Adaptor = {
  patch(exports, _file, { caches }) {
    const makers = exports as Readonly<Record<string, unknown>>;
    const replaced: Record<string, unknown> = {};
    for (const name of ["createCache", "caching"]) {
      const maker = makers[name];
      if (typeof maker === "function")
        replaced[name] = countingFactory(maker as CacheFactory, caches);
    }
    return replaceExports(exports as object, replaced);
  },
};

const NAME = "cache-manager";

type CacheFactory = (this: unknown, ...args: unknown[]) => unknown;
type Lookup = (this: unknown, ...args: unknown[]) => unknown;

interface ManagedCache {
  get: Lookup;
  /** Missing in version 5. */
  mget?: Lookup;
  wrap: Lookup;
  [IS_COUNTED]?: true;
}

const IS_COUNTED: unique symbol = Symbol("telltale.cache-manager");

/** Wraps a factory, which returns a promise in version 5. */
function countingFactory(factory: CacheFactory, caches: () => CacheCounter): CacheFactory {
  function createCounted(this: unknown, ...args: unknown[]): unknown {
    const created = Reflect.apply(factory, this, args);
    const name = cacheName(args);
    const count = (cache: unknown): unknown => countLookups(cache as ManagedCache, name, caches);
    return created instanceof Promise ? created.then(count) : count(created);
  }
  return copyFunctionProperties(createCounted, factory);
}

function cacheName(args: readonly unknown[]): string {
  const { cacheId } = (args[0] ?? {}) as { readonly cacheId?: unknown };
  return typeof cacheId === "string" && cacheId !== "" ? cacheId : NAME;
}

function countLookups(cache: ManagedCache, name: string, caches: () => CacheCounter): ManagedCache {
  if (cache[IS_COUNTED]) return cache;
  Object.defineProperty(cache, IS_COUNTED, { value: true });
  const { get, mget, wrap } = cache;
  cache.get = countingLookup(get, (value) => recordLookups([value], name, caches));
  if (mget !== undefined) {
    cache.mget = countingLookup(mget, (values) => recordLookups(values as unknown[], name, caches));
  }
  cache.wrap = countingWrap(wrap, (isHit) =>
    caches().recordLookups(name, isHit ? 1 : 0, isHit ? 0 : 1),
  );
  return cache;
}

function countingLookup(lookup: Lookup, count: (result: unknown) => void): Lookup {
  return copyFunctionProperties(function counting(this: unknown, ...args: unknown[]) {
    return afterCounting(Reflect.apply(lookup, this, args) as Promise<unknown>, count);
  }, lookup);
}

/**
 * Counts a miss if `wrap` waits for the app's function. A hit may call the
 * function too, to refresh the value, but does not wait for it.
 */
function countingWrap(wrap: Lookup, count: (isHit: boolean) => void): Lookup {
  return copyFunctionProperties(function counting(this: unknown, ...args: unknown[]) {
    const [key, make, ...rest] = args;
    if (typeof make !== "function") return Reflect.apply(wrap, this, args);
    let isMiss = false;
    const trackedMake = async (...callArgs: unknown[]): Promise<unknown> => {
      const created: unknown = await Reflect.apply(make as Lookup, undefined, callArgs);
      isMiss = true;
      return created;
    };
    const result = Reflect.apply(wrap, this, [key, trackedMake, ...rest]) as Promise<unknown>;
    return afterCounting(result, () => count(!isMiss));
  }, wrap);
}

function recordLookups(values: readonly unknown[], name: string, caches: () => CacheCounter): void {
  const hits = values.filter((value) => value !== undefined && value !== null).length;
  caches().recordLookups(name, hits, values.length - hits);
}

/**
 * Returns a promise with the same outcome: a second listener on the library's own promise
 * would make its rejection a handled one.
 */
function afterCounting(
  promise: Promise<unknown>,
  count: (result: unknown) => void,
): Promise<unknown> {
  return promise.then((result) => {
    try {
      count(result);
    } catch {
      // A result whose properties throw.
    }
    return result;
  });
}
