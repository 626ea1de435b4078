import type { BenchResult, BlockThread, EndpointResult } from "../../../src/cli/bench/result.ts";

interface GivenEndpoint {
  readonly name: string;
  readonly medians: readonly number[];
  /** Of the fixed calculation; default: 1 ms. */
  readonly machines?: readonly number[];
  /** Default: the medians. */
  readonly p10s?: readonly number[];
  readonly threads?: readonly BlockThread[];
  readonly queries?: number;
}

/** Returns a result with these medians of blocks. */
export function benchResult(endpoints: readonly GivenEndpoint[]): BenchResult {
  return {
    ...{ version: 1, key: "0123456789ab", commit: undefined, branch: undefined },
    startedAt: "2026-12-01T00:00:00.000Z",
    machine: { cpu: "CPU", cpus: 2, platform: "linux x64", node: "v26.0.0" },
    settings: { concurrency: 1, clearsCache: false, warmsCache: false },
    ...{ endpoints: endpoints.map(endpointOf), notes: [] },
  };
}

function endpointOf(given: GivenEndpoint): EndpointResult {
  const { name, medians, machines, p10s, threads, queries } = given;
  const p50 = medians.toSorted((a, b) => a - b)[Math.floor(medians.length / 2)] ?? 0;
  return {
    ...{ name, method: "GET", url: "http://localhost:3000/a" },
    figures: {
      ...{ requests: 100, mean: p50, p50, p95: p50 * 2, p99: p50 * 3, max: p50 * 4 },
      ...{ requestsPerSecond: 10, errors: 0, errorRatio: 0, queries, queryMs: queries },
      ...{ cacheHits: undefined, cacheMisses: undefined, cacheRatio: undefined },
    },
    ...{ verdict: "good", verdicts: [], statuses: { 200: 100 }, failure: undefined },
    histogram: [
      { limitMs: p50, count: 90 },
      { limitMs: p50 * 4, count: 10 },
    ],
    blocks: medians.map((median, at) => ({
      ...{ median, p10: p10s?.[at] ?? median },
      ...{ machineMs: machines?.[at] ?? 1, thread: threads?.[at] },
    })),
  };
}
