import { AsyncLocalStorage } from "node:async_hooks";
import type { PreloadApi } from "../api.ts";
import { lazy } from "../lazy.ts";
import type { CacheWarmers } from "./cache-warmers.ts";
import type { WarmingDeps } from "./warming-deps.ts";

const loadCacheWarmers = lazy<typeof import("./cache-warmers.ts")>("warming/cache-warmers.ts");

/** The cache warmers, created with the first one. */
export interface LazyWarming {
  readonly register: PreloadApi["registerCacheWarmer"];
  /** Undefined while the app has registered none. */
  readonly existing: () => CacheWarmers | undefined;
}

export function createLazyWarming(deps: WarmingDeps): LazyWarming {
  let warmers: CacheWarmers | undefined;
  let isStopped = false;
  // An app may register in a request, whose context the timers must not retain.
  const runDetached: <R>(work: () => R) => R = AsyncLocalStorage.snapshot();
  deps.health.onDraining(() => {
    isStopped = true;
    warmers?.stop();
  });
  return {
    register: (...args) =>
      runDetached(() => {
        if (isStopped) return () => {};
        warmers ??= loadCacheWarmers().createCacheWarmers(deps);
        return warmers.register(...args);
      }),
    existing: () => warmers,
  };
}
