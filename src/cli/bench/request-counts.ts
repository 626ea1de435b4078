import { propertyOf } from "../../property.ts";
import { type Environment } from "../../env.ts";
import { parseHealthOptions } from "../health/options.ts";
import { type PageRequest, requestPage } from "../health/request-page.ts";

/** What an app has counted of the requests of a route, since its start or between two times. */
export interface RequestCounts {
  readonly requests: number;
  readonly queries: number;
  readonly queryMs: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
}

/** Milliseconds of the main thread of an app, since its start or between two times. */
export interface ThreadMs {
  /** On a CPU. */
  readonly cpu: number;
  /** Ready to run, without a CPU: other threads and processes had them. */
  readonly runDelay: number;
}

/** What an app has counted at a time. */
export interface AppCounts {
  readonly routes: ReadonlyMap<string, RequestCounts>;
  /** Undefined if it does not run on Linux. */
  readonly thread: ThreadMs | undefined;
}

/** What an app has counted between two times: of the requests of a route, and of its thread. */
export interface BlockCounts extends RequestCounts {
  readonly thread: ThreadMs | undefined;
}

/** Returns the page of the admin server that has the counts; undefined if its address is not known. */
export function countsPageOf(environment: Environment): PageRequest | undefined {
  return parseHealthOptions(["--path", "/endpoints"], environment).request;
}

/** Requests the counts of an app. Undefined if there is no such page, or it is another one. */
export async function readCounts(page: PageRequest): Promise<AppCounts | undefined> {
  const { content } = await requestPage(page);
  return parseCounts(content);
}

/** Parses the content of `/endpoints`. */
export function parseCounts(content: unknown): AppCounts | undefined {
  const endpoints = propertyOf(content, "endpoints");
  if (!Array.isArray(endpoints)) return undefined;
  const routes = new Map<string, RequestCounts>();
  for (const endpoint of endpoints as readonly unknown[]) {
    const [queries, cache] = [propertyOf(endpoint, "queries"), propertyOf(endpoint, "cache")];
    const requests = numberOf(endpoint, "requests");
    routes.set(String(propertyOf(endpoint, "route")), {
      requests,
      queries: numberOf(queries, "total"),
      // The page has a mean over all requests, in seconds.
      queryMs: numberOf(queries, "meanDuration") * requests * 1000,
      cacheHits: numberOf(cache, "hits"),
      cacheMisses: numberOf(cache, "misses"),
    });
  }
  return { routes, thread: threadMsOf(propertyOf(content, "mainThread")) };
}

/** The page has seconds. */
function threadMsOf(times: unknown): ThreadMs | undefined {
  const cpu = numberOf(times, "cpuTime") * 1000;
  return cpu === 0 ? undefined : { cpu, runDelay: numberOf(times, "runDelay") * 1000 };
}

/**
 * Returns the counts between two times of the route that has had the most requests: others
 * have health checks, or other clients.
 *
 * @param sent number of requests that were sent between the times
 * @returns undefined if most of them were not counted, because they were for another app.
 */
export function countsBetween(
  before: AppCounts | undefined,
  after: AppCounts | undefined,
  sent: number,
): BlockCounts | undefined {
  if (before === undefined || after === undefined || sent === 0) return undefined;
  const differences = [...after.routes].map(([route, now]) =>
    difference(before.routes.get(route), now),
  );
  const [most] = differences.toSorted((a, b) => b.requests - a.requests);
  if (most === undefined || most.requests < sent * MIN_COUNTED) return undefined;
  return { ...most, thread: threadBetween(before.thread, after.thread) };
}

const MIN_COUNTED = 0.9;

function difference(before: RequestCounts | undefined, now: RequestCounts): RequestCounts {
  if (before === undefined) return now;
  return {
    requests: now.requests - before.requests,
    queries: now.queries - before.queries,
    queryMs: Math.max(0, now.queryMs - before.queryMs),
    cacheHits: now.cacheHits - before.cacheHits,
    cacheMisses: now.cacheMisses - before.cacheMisses,
  };
}

function threadBetween(
  before: ThreadMs | undefined,
  after: ThreadMs | undefined,
): ThreadMs | undefined {
  if (before === undefined || after === undefined) return undefined;
  return { cpu: after.cpu - before.cpu, runDelay: after.runDelay - before.runDelay };
}

function numberOf(parent: unknown, key: string): number {
  const value = propertyOf(parent, key);
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
