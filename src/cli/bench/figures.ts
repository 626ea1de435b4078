import { sortNumbers } from "../../viewer/percentile.ts";
import type { LoadResult } from "./load.ts";
import type { BlockCounts } from "./request-counts.ts";

/** The figures of an endpoint. Durations are in milliseconds. */
export interface Figures {
  readonly requests: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  readonly requestsPerSecond: number;
  /** Requests without a response, or with another status than the expected one. */
  readonly errors: number;
  /** Errors as a share of the requests. */
  readonly errorRatio: number;
  /** Database queries of a request, on average; undefined: the app has reported none. */
  readonly queries: number | undefined;
  /** Milliseconds of a request in which at least one query was in progress, on average. */
  readonly queryMs: number | undefined;
  readonly cacheHits: number | undefined;
  readonly cacheMisses: number | undefined;
  /** Share of the cache lookups that found a value; undefined without any. */
  readonly cacheRatio: number | undefined;
}

/** A part of the measurement of an endpoint: the blocks of several endpoints alternate. */
export interface Block {
  readonly load: LoadResult;
  /** What the app has counted meanwhile; undefined if it has not reported that. */
  readonly counts: BlockCounts | undefined;
  /** Milliseconds of CPU of a fixed calculation before and after the block. */
  readonly machineMs: number;
}

/** @param status the expected one; undefined: any below 400 */
export function figuresOf(blocks: readonly Block[], status: number | undefined): Figures {
  const sorted = sortNumbers(blocks.flatMap(({ load }) => load.durations));
  const elapsedMs = sum(blocks.map(({ load }) => load.elapsedMs));
  const failures = sum(blocks.map(({ load }) => load.failures));
  const unexpected = sum(blocks.map(({ load }) => unexpectedResponses(load.statuses, status)));
  const requests = sorted.length + failures;
  const errors = failures + unexpected;
  return {
    requests,
    mean: sum(sorted) / Math.max(1, sorted.length),
    ...{ p50: rankedValue(sorted, 0.5), p95: rankedValue(sorted, 0.95) },
    ...{ p99: rankedValue(sorted, 0.99), max: sorted.at(-1) ?? 0 },
    requestsPerSecond: elapsedMs === 0 ? 0 : (sorted.length / elapsedMs) * 1000,
    errors,
    errorRatio: errors / Math.max(1, requests),
    ...countedFigures(blocks.map(({ counts }) => counts)),
  };
}

/**
 * Returns the lowest value that at least `share` of the values do not exceed: the percentile
 * of HdrHistogram, and so of autocannon and wrk; 0 without values.
 */
export function rankedValue(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

type CountedFigures = Pick<
  Figures,
  "queries" | "queryMs" | "cacheHits" | "cacheMisses" | "cacheRatio"
>;

function countedFigures(all: readonly (BlockCounts | undefined)[]): CountedFigures {
  const known = all.filter((counts) => counts !== undefined);
  const requests = sum(known.map((counts) => counts.requests));
  if (requests === 0)
    return {
      ...{ queries: undefined, queryMs: undefined, cacheRatio: undefined },
      ...{ cacheHits: undefined, cacheMisses: undefined },
    };
  const cacheHits = sum(known.map((counts) => counts.cacheHits));
  const cacheMisses = sum(known.map((counts) => counts.cacheMisses));
  const lookups = cacheHits + cacheMisses;
  return {
    queries: sum(known.map((counts) => counts.queries)) / requests,
    queryMs: sum(known.map((counts) => counts.queryMs)) / requests,
    ...{ cacheHits, cacheMisses },
    cacheRatio: lookups === 0 ? undefined : cacheHits / lookups,
  };
}

function unexpectedResponses(
  statuses: ReadonlyMap<number, number>,
  expected: number | undefined,
): number {
  const isExpected = (status: number): boolean =>
    expected === undefined ? status < 400 : status === expected;
  return sum([...statuses].map(([status, count]) => (isExpected(status) ? 0 : count)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
