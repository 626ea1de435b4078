/*
 * The contract between the public API (`index.ts`) and the preload, and the
 * types that an app may hand in. No imports here, so that the published
 * declarations need no other package.
 */

/** Sentry's levels, the gravest first. */
export type SeverityLevel = "fatal" | "error" | "warning" | "log" | "info" | "debug";

export type Primitive = string | number | boolean | bigint | symbol | null | undefined;

/** The user that an event concerns; every field is optional and sent as it is. */
export interface User {
  readonly id?: string | number;
  readonly email?: string;
  readonly username?: string;
  readonly [field: string]: unknown;
}

/** A step on the way to an error. */
export interface Breadcrumb {
  readonly type?: string;
  readonly category?: string;
  readonly message?: string;
  readonly level?: SeverityLevel;
  /** Seconds since 1970; now, if absent. */
  readonly timestamp?: number;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Data of one event only. */
export interface CaptureHint {
  readonly level?: SeverityLevel;
  readonly user?: User;
  readonly tags?: Readonly<Record<string, Primitive>>;
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly contexts?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly fingerprint?: readonly string[];
}

/** Counts of a cache since the process started. */
export interface CacheStats {
  readonly name: string;
  readonly hits: number;
  readonly misses: number;
  /** Share of hits in all look-ups, 0 to 1. */
  readonly ratio: number;
}

/** A cache that can be watched: `LRUCache`, `Map`, Keyv and most others are one. */
export interface Gettable {
  get(...args: never[]): unknown;
}

/** The functions for errors that the public API passes on to. None of them throws. */
export interface ErrorsApi {
  /** Returns the id of the event; the earlier id for an error that was captured before. */
  captureException(error: unknown, hint?: CaptureHint): string | undefined;
  captureMessage(message: string, level?: SeverityLevel): string | undefined;
  /** Sets the user of the current request, or else of the process; null removes it. */
  setUser(user: User | null): void;
  setTag(key: string, value: Primitive): void;
  /** Null removes the context. */
  setContext(name: string, context: Readonly<Record<string, unknown>> | null): void;
  addBreadcrumb(breadcrumb: Breadcrumb): void;
  /** Runs `work` in a scope of its own, which also holds for what `work` starts. */
  withScope<R>(work: () => R): R;
}

/** The functions for caches that the public API passes on to. */
export interface CachesApi {
  /** Counts from now on what `cache.get` returns; null and undefined are misses. */
  watch(cache: Gettable, name: string): void;
  stats(): CacheStats[];
}

/**
 * The API of the preload, which it publishes on the global object: the API's
 * copy may be another one, bundled into the app or of another version.
 */
export interface PreloadApi {
  readonly version: string;
  readonly errors: ErrorsApi;
  /**
   * Runs `work` as a unit of work of its own; what it returns, throws or rejects
   * with is passed on unchanged.
   */
  readonly runJob: <R>(name: string, work: () => R) => R;
  /** Created at its first use. */
  readonly caches: () => CachesApi;
}

const API: unique symbol = Symbol.for("telltale") as never;
const STARTED: unique symbol = Symbol.for("telltale.started") as never;
const globals = globalThis as { [API]?: PreloadApi; [STARTED]?: boolean };

/** Returns true to the first caller of this thread, of all copies of the preload. */
export function claimStart(): boolean {
  if (globals[STARTED] === true) return false;
  Object.defineProperty(globals, STARTED, { value: true });
  return true;
}

/** Returns undefined where nothing is preloaded. */
export function preloadApi(): PreloadApi | undefined {
  return globals[API];
}

export function publishApi(api: PreloadApi): void {
  Object.defineProperty(globals, API, { value: api, configurable: true });
}
