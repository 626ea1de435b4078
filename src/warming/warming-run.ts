import type { CacheWarmingTrigger } from "../api.ts";

/** How a run has ended; `interrupted` is one that the shutdown of the process has stopped. */
export type WarmingStatus = "running" | "succeeded" | "failed" | "skipped" | "interrupted";

/** Hits and misses of a cache. */
export interface CacheCounts {
  readonly hits: number;
  readonly misses: number;
}

/** The counts of one cache of the process at the start and at the end of a run. */
export interface CacheChange {
  readonly name: string;
  readonly before: CacheCounts;
  /** Undefined while the run is in progress. */
  readonly after?: CacheCounts;
}

/** One run of a cache warmer, as `telltale warm` shows it. */
export interface WarmingRun {
  readonly id: string;
  readonly warmer: string;
  readonly trigger: CacheWarmingTrigger;
  readonly status: WarmingStatus;
  /** In ISO 8601. */
  readonly startedAt: string;
  /** In milliseconds; undefined while it is in progress, and where it was skipped. */
  readonly durationMs?: number;
  /** Why it failed or was skipped, without secrets. */
  readonly reason?: string;
  readonly traceId?: string;
  readonly caches: readonly CacheChange[];
}
