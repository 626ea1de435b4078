import {
  type Breadcrumb,
  type CacheStats,
  type CaptureHint,
  type ErrorsApi,
  type Gettable,
  type HealthCheck,
  type HealthCheckResult,
  type HealthStatus,
  preloadApi,
  type Primitive,
  type SeverityLevel,
  type User,
} from "./api.ts";

export type {
  Breadcrumb,
  CacheStats,
  CaptureHint,
  Gettable,
  HealthCheck,
  HealthCheckResult,
  HealthStatus,
  Primitive,
  SeverityLevel,
  User,
};

/*
 * The public API: functions that reach the preload through the global object.
 * Without the preload they do nothing, and without a DSN those for Sentry don't
 * either. None of them throws.
 */

/**
 * Sends an error to Sentry, with the id of the active trace, the request's scope
 * and its route, and samples (keeps) the trace.
 *
 * @returns the id of the event, or undefined if none was created.
 */
export function captureException(error: unknown, hint?: CaptureHint): string | undefined {
  return errors()?.captureException(error, hint);
}

/**
 * Sends a message to Sentry.
 *
 * @param level default: `info`.
 * @returns the id of the event, or undefined if none was created.
 */
export function captureMessage(message: string, level?: SeverityLevel): string | undefined {
  return errors()?.captureMessage(message, level);
}

/** Sets the user of the current request or, outside of one, of the process. Null removes it. */
export function setUser(user: User | null): void {
  errors()?.setUser(user);
}

/**
 * Sets the organization of the current request, message or job: `organization_id` of its later log
 * lines and of the tags of its events. Null removes it. Outside of a unit of work it does nothing.
 */
export function setOrganization(id: string | number | null): void {
  // A preload of an earlier version may not have it.
  preloadApi()?.setOrganization?.(id);
}

/** Sets a tag of all later events of the current request. */
export function setTag(key: string, value: Primitive): void {
  errors()?.setTag(key, value);
}

/** Sets named, structured data of later events of the current request. Null removes it. */
export function setContext(name: string, context: Readonly<Record<string, unknown>> | null): void {
  errors()?.setContext(name, context);
}

/** Adds a breadcrumb to later events of the current request. */
export function addBreadcrumb(breadcrumb: Breadcrumb): void {
  errors()?.addBreadcrumb(breadcrumb);
}

/** Runs `work` in a new scope: what `work` sets on it applies to `work` only. */
export function withScope<R>(work: () => R): R {
  const active = errors();
  return active === undefined ? work() : active.withScope(work);
}

/**
 * Wraps `work` so that each call is a unit of work: a trace and a duration with
 * this name, a separate Sentry scope, and an event if it throws or rejects. Use it
 * for work that no request starts:
 *
 *     setInterval(job("sweep", sweep), 60_000);
 *     cron.schedule("0 2 * * *", job("nightly-report", report));
 *
 * @param name must have few values, because it becomes a metric attribute.
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
 * A `get` that returns, or resolves to, undefined or null is a miss.
 *
 * @param name identifies the cache in the metric `telltale.cache.requests` and in `getCacheStats()`.
 * @returns the cache itself.
 */
export function watchCache<C extends Gettable>(cache: C, name: string): C {
  try {
    preloadApi()?.caches().watch(cache, name);
  } catch {
    // A frozen cache, for instance, works on, uncounted.
  }
  return cache;
}

/**
 * Returns hits, misses and hit ratio of each cache since the process started: those
 * of `watchCache`, of `cache-manager`, and of Redis (`GET` and `MGET`).
 */
export function getCacheStats(): CacheStats[] {
  try {
    return preloadApi()?.caches().stats() ?? [];
  } catch {
    return [];
  }
}

/**
 * Adds a readiness check: while it fails, throws, or takes longer than its time
 * limit, `/readyz` and `/healthz` respond with 503. It replaces the check of the
 * same name.
 *
 *     addHealthCheck({ name: "database", run: async () => void (await pool.query("SELECT 1")) });
 *
 * @returns a function that removes the check.
 */
export function addHealthCheck(check: HealthCheck): () => void {
  try {
    return preloadApi()?.addHealthCheck?.(check) ?? noop;
  } catch {
    return noop;
  }
}

function noop(): void {}
