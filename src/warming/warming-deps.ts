import type { CacheStats, HealthCheck } from "../api.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { TelltaleLoggerProvider } from "../logs/logger.ts";

/** Collaborators of cache warmers. */
export interface WarmingDeps {
  /** Runs `work` as a unit of work. Its result or rejection is passed on. */
  readonly runJob: <R>(name: string, work: () => R) => R;
  /** Returns the counts of all caches since the start. Created at the first use, which may throw. */
  readonly caches: () => { stats(): readonly CacheStats[] };
  readonly health: {
    /** Adds a readiness check. Returns a function that removes it. */
    register(check: HealthCheck): () => void;
    onDraining(listener: () => void): void;
  };
  readonly logs: { readonly provider: TelltaleLoggerProvider };
  readonly diagnostics: Diagnostics;
  /** Removes secrets from the messages of errors. */
  readonly redactor: { text(text: string): string };
}

/** Returns the hits and misses of all caches since the start. Never throws. */
export function cacheStatsOf({ caches }: WarmingDeps): readonly CacheStats[] {
  try {
    return caches().stats();
  } catch {
    return [];
  }
}
