import type { WatchedUnit } from "../context/unit-views.ts";
import { addViewerAttributes } from "./span-data.ts";

/**
 * Adds the cache lookups of a unit of work that has ended to its span: those of caches in
 * memory have no span of their own, and the spans of stores do not have the results.
 */
export function recordCacheLookups({ span, callTimes }: WatchedUnit): void {
  if (span === undefined || callTimes === undefined) return;
  const { cacheHits, cacheMisses } = callTimes;
  if (cacheHits + cacheMisses === 0) return;
  addViewerAttributes(span, [
    ...["telltale.cache.hits", cacheHits, "telltale.cache.misses", cacheMisses],
  ]);
}
