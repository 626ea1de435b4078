import type { Adaptor, CacheCounter } from "./adaptor.ts";
import { disguise, withReplaced } from "./method.ts";

/**
 * `cache-manager` 5 to 7: hits and misses of every cache that it makes, by the
 * app's `cacheId`, else all together. What several stores do below one cache is
 * one look-up.
 */
export const adaptor: Adaptor = {
  patch(exports, file, { caches }) {
    const makers = exports as Readonly<Record<string, unknown>>;
    const replaced: Record<string, unknown> = {};
    for (const name of ["createCache", "caching"]) {
      const maker = makers[name];
      if (typeof maker === "function") replaced[name] = counting(maker as Maker, caches);
    }
    if (file.format === "module") return Object.assign(exports as object, replaced);
    return withReplaced(exports as object, replaced);
  },
};

const NAME = "cache-manager";

type Maker = (this: unknown, ...args: unknown[]) => unknown;
type Lookup = (this: unknown, ...args: unknown[]) => unknown;

interface ManagedCache {
  get: Lookup;
  /** Not in version 5. */
  mget?: Lookup;
  wrap: Lookup;
  [COUNTED]?: true;
}

const COUNTED: unique symbol = Symbol("telltale.cache-manager");

/** In version 5 a promise of the cache comes back. */
function counting(maker: Maker, caches: () => CacheCounter): Maker {
  function make(this: unknown, ...args: unknown[]): unknown {
    const made = Reflect.apply(maker, this, args);
    const name = nameIn(args);
    const count = (cache: unknown): unknown => countOn(cache as ManagedCache, name, caches);
    return made instanceof Promise ? made.then(count) : count(made);
  }
  return disguise(make, maker);
}

function nameIn(args: readonly unknown[]): string {
  const { cacheId } = (args[0] ?? {}) as { readonly cacheId?: unknown };
  return typeof cacheId === "string" && cacheId !== "" ? cacheId : NAME;
}

function countOn(cache: ManagedCache, name: string, caches: () => CacheCounter): ManagedCache {
  if (cache[COUNTED]) return cache;
  Object.defineProperty(cache, COUNTED, { value: true });
  const { get, mget, wrap } = cache;
  cache.get = counted(get, (value) => countAll([value], name, caches));
  if (mget !== undefined) {
    cache.mget = counted(mget, (values) => countAll(values as unknown[], name, caches));
  }
  cache.wrap = countedWrap(wrap, (isHit) => caches().note(name, isHit ? 1 : 0, isHit ? 0 : 1));
  return cache;
}

function counted(lookup: Lookup, count: (result: unknown) => void): Lookup {
  return disguise(function counting(this: unknown, ...args: unknown[]) {
    const result = Reflect.apply(lookup, this, args) as Promise<unknown>;
    result.then(count).catch(ignore);
    return result;
  }, lookup);
}

/** A miss waits for the app's function; where a hit calls it too, to refresh, it doesn't. */
function countedWrap(wrap: Lookup, count: (isHit: boolean) => void): Lookup {
  return disguise(function counting(this: unknown, ...args: unknown[]) {
    const [key, make, ...rest] = args;
    if (typeof make !== "function") return Reflect.apply(wrap, this, args);
    let isMade = false;
    const watched = async (...given: unknown[]): Promise<unknown> => {
      const made: unknown = await Reflect.apply(make as Lookup, undefined, given);
      isMade = true;
      return made;
    };
    const result = Reflect.apply(wrap, this, [key, watched, ...rest]) as Promise<unknown>;
    result.then(() => count(!isMade)).catch(ignore);
    return result;
  }, wrap);
}

function countAll(values: readonly unknown[], name: string, caches: () => CacheCounter): void {
  const hits = values.filter((value) => value !== undefined && value !== null).length;
  caches().note(name, hits, values.length - hits);
}

function ignore(): void {}
