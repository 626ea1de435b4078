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

/** The counts by route. */
export type CountsByRoute = ReadonlyMap<string, RequestCounts>;

/** Returns the page of the admin server that has the counts; undefined if its address is not known. */
export function countsPageOf(environment: Environment): PageRequest | undefined {
  return parseHealthOptions(["--path", "/endpoints"], environment).request;
}

/** Requests the counts of an app. Undefined if there is no such page, or it is another one. */
export async function readCounts(page: PageRequest): Promise<CountsByRoute | undefined> {
  const { content } = await requestPage(page);
  return parseCounts(content);
}

/** Parses the content of `/endpoints`. */
export function parseCounts(content: unknown): CountsByRoute | undefined {
  const endpoints = propertyOf(content, "endpoints");
  if (!Array.isArray(endpoints)) return undefined;
  const counts = new Map<string, RequestCounts>();
  for (const endpoint of endpoints as readonly unknown[]) {
    const [queries, cache] = [propertyOf(endpoint, "queries"), propertyOf(endpoint, "cache")];
    const requests = numberOf(endpoint, "requests");
    counts.set(String(propertyOf(endpoint, "route")), {
      requests,
      queries: numberOf(queries, "total"),
      // The page has a mean over all requests, in seconds.
      queryMs: numberOf(queries, "meanDuration") * requests * 1000,
      cacheHits: numberOf(cache, "hits"),
      cacheMisses: numberOf(cache, "misses"),
    });
  }
  return counts;
}

/**
 * Returns the counts between two times of the route that has had the most requests: others
 * have health checks, or other clients.
 *
 * @param sent number of requests that were sent between the times
 * @returns undefined if most of them were not counted, because they were for another app.
 */
export function countsBetween(
  before: CountsByRoute | undefined,
  after: CountsByRoute | undefined,
  sent: number,
): RequestCounts | undefined {
  if (before === undefined || after === undefined || sent === 0) return undefined;
  const differences = [...after].map(([route, now]) => difference(before.get(route), now));
  const [most] = differences.toSorted((a, b) => b.requests - a.requests);
  return most === undefined || most.requests < sent * MIN_COUNTED ? undefined : most;
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

function numberOf(parent: unknown, key: string): number {
  const value = propertyOf(parent, key);
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
