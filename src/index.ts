import {
  type Breadcrumb,
  type CacheStats,
  type CaptureHint,
  type ErrorsApi,
  type Gettable,
  preloadApi,
  type Primitive,
  type SeverityLevel,
  type User,
} from "./api.ts";

export type { Breadcrumb, CacheStats, CaptureHint, Gettable, Primitive, SeverityLevel, User };

/*
 * The public door: a handful of functions that reach the preload through the
 * global object. Without the preload, and without a DSN, each does nothing;
 * none ever throws.
 */

/**
 * Sends an error to Sentry, with the active trace id, the request's scope and
 * its route, and keeps the trace.
 *
 * @returns the id of the event, or undefined if there is none.
 */
export function captureException(error: unknown, hint?: CaptureHint): string | undefined {
  return errors()?.captureException(error, hint);
}

/**
 * Sends a message to Sentry.
 *
 * @param level `info` unless told.
 * @returns the id of the event, or undefined if there is none.
 */
export function captureMessage(message: string, level?: SeverityLevel): string | undefined {
  return errors()?.captureMessage(message, level);
}

/** Says whom the current request (or, outside of one, the process) concerns; null forgets it. */
export function setUser(user: User | null): void {
  errors()?.setUser(user);
}

/** Marks all later events of the current request. */
export function setTag(key: string, value: Primitive): void {
  errors()?.setTag(key, value);
}

/** Adds named, structured data to later events of the current request; null removes it. */
export function setContext(name: string, context: Readonly<Record<string, unknown>> | null): void {
  errors()?.setContext(name, context);
}

/** Leaves a trail that later events of the current request carry. */
export function addBreadcrumb(breadcrumb: Breadcrumb): void {
  errors()?.addBreadcrumb(breadcrumb);
}

/** Runs `work`; what is set on the scope meanwhile is forgotten afterwards. */
export function withScope<R>(work: () => R): R {
  const active = errors();
  return active === undefined ? work() : active.withScope(work);
}

/**
 * A function that does what `work` does, as a unit of work of its own: with a
 * trace and a duration under this name, scopes of its own for Sentry, and an
 * event if it throws or rejects. For what runs by itself, not within a request:
 *
 *     setInterval(job("sweep", sweep), 60_000);
 *     cron.schedule("0 2 * * *", job("nightly-report", report));
 *
 * @param name of few values: it becomes a label of metrics.
 */
export function job<This, Args extends unknown[], R>(
  name: string,
  work: (this: This, ...args: Args) => R,
): (this: This, ...args: Args) => R {
  return function (this: This, ...args: Args): R {
    const run = preloadApi()?.runJob;
    if (run === undefined) return work.apply(this, args);
    return run(name, () => work.apply(this, args));
  };
}

function errors(): ErrorsApi | undefined {
  return preloadApi()?.errors;
}

/**
 * Counts the hits and misses of a cache: `const sessions = watchCache(new LRUCache(…), "sessions")`.
 * What its `get` gives, or promises, is a hit, unless it is undefined or null.
 *
 * @param name on the metric `telltale.cache.requests`, and in `getCacheStats()`: one of a few.
 * @returns the cache itself.
 */
export function watchCache<C extends Gettable>(cache: C, name: string): C {
  try {
    preloadApi()?.caches().watch(cache, name);
  } catch {
    // Frozen, say: it works on, uncounted.
  }
  return cache;
}

/**
 * Hits, misses and their ratio of each cache since the process started: those of
 * `watchCache`, of `cache-manager`, and what is read from Redis by GET and MGET.
 */
export function getCacheStats(): CacheStats[] {
  try {
    return preloadApi()?.caches().stats() ?? [];
  } catch {
    return [];
  }
}
