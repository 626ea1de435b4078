import assert from "node:assert/strict";
import { type Block, figuresOf, rankedValue } from "../../../src/cli/bench/figures.ts";
import type { AppCounts, RequestCounts, ThreadMs } from "../../../src/cli/bench/request-counts.ts";
import { blockResult } from "../../../src/cli/bench/result.ts";
import { countsBetween, parseCounts } from "../../../src/cli/bench/request-counts.ts";

interface Given {
  readonly durations: readonly number[];
  readonly statuses?: Readonly<Record<number, number>>;
  readonly failures?: number;
  readonly counts?: RequestCounts;
  readonly thread?: ThreadMs;
  readonly runDelayMs?: number;
}

function block(given: Given): Block {
  const { durations, statuses, failures = 0, counts, thread, runDelayMs = 0 } = given;
  const all = Object.entries(statuses ?? { 200: durations.length });
  return {
    load: {
      ...{ durations, failures, failure: undefined, elapsedMs: 1000, runDelayMs },
      statuses: new Map(all.map(([status, count]) => [Number(status), count])),
    },
    counts: counts === undefined ? undefined : { ...counts, thread },
    machineMs: 1,
  };
}

const NO_CACHE = { cacheHits: 0, cacheMisses: 0 };

describe("The figures of an endpoint", () => {
  it("are those of the durations of all its blocks", () => {
    const blocks = [
      block({ durations: Array.from({ length: 50 }, (_, at) => 100 - at) }),
      block({ durations: Array.from({ length: 50 }, (_, at) => at + 1) }),
    ];
    const { requests, mean, p50, p95, p99, max, requestsPerSecond } = figuresOf(blocks, undefined);
    const expected = [100, 50.5, 50, 95, 99, 100, 50];
    assert.deepEqual([requests, mean, p50, p95, p99, max, requestsPerSecond], expected);
  });

  it("have as errors what has no response, or an unexpected status", () => {
    const blocks = [
      block({ durations: [1, 2, 3, 4], statuses: { 200: 1, 302: 1, 404: 1, 500: 1 }, failures: 1 }),
    ];
    const rows = [
      [undefined, 3],
      [200, 4],
      [404, 4],
    ] as const;
    for (const [status, errors] of rows) {
      const figures = figuresOf(blocks, status);
      assert.deepEqual([figures.requests, figures.errors], [5, errors], String(status));
      assert.equal(figures.errorRatio, errors / 5);
    }
  });

  it("have queries and cache lookups of the blocks that the app has counted", () => {
    const counts = { requests: 10, queries: 30, queryMs: 50, cacheHits: 9, cacheMisses: 1 };
    const figures = figuresOf(
      [
        block({ durations: [1], counts }),
        block({ durations: [1] }),
        block({ durations: [1], counts: { ...counts, queries: 10, cacheHits: 0, cacheMisses: 0 } }),
      ],
      undefined,
    );
    const { queries, queryMs, cacheHits, cacheMisses, cacheRatio } = figures;
    assert.deepEqual([queries, queryMs, cacheHits, cacheMisses, cacheRatio], [2, 5, 9, 1, 0.9]);
    const uncounted = figuresOf([block({ durations: [1] })], undefined);
    assert.deepEqual([uncounted.queries, uncounted.cacheRatio], [undefined, undefined]);
  });

  it("are 0 without a response", () => {
    const figures = figuresOf([block({ durations: [], failures: 3 })], undefined);
    assert.deepEqual([figures.mean, figures.p99, figures.errorRatio], [0, 0, 1]);
    assert.equal(rankedValue([], 0.5), 0);
  });
});

describe("The result of a block", () => {
  const counts = { requests: 10, queries: 0, queryMs: 0, ...NO_CACHE };
  const durations = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100];

  it("has the mean without the time in which the app had no CPU, and what of it is computing", () => {
    // Of 1000 ms it had no CPU in 400, and used it in 300 of the other 600.
    const given = block({ durations, counts, thread: { cpu: 300, runDelay: 400 } });
    const { median, p10, thread } = blockResult(given);
    assert.deepEqual([median, p10], [50, 10]);
    const shares = { delayShare: 0.4, cpuShare: 0.5 };
    assert.deepEqual(thread, { undelayedMean: 33, leastMean: 33, ...shares, cpuMs: 30 });
  });

  it("has the least that this mean may be, if its sender had no CPU either", () => {
    const leastMeans = [20, 200].map((runDelayMs) => {
      const given = block({ durations, counts, thread: { cpu: 250, runDelay: 0 }, runDelayMs });
      return blockResult(given).thread?.leastMean;
    });
    // Not less than the CPU time.
    assert.deepEqual(leastMeans, [53.9, 44]);
    const computing = block({
      durations,
      counts,
      thread: { cpu: 500, runDelay: 0 },
      runDelayMs: 900,
    });
    assert.equal(blockResult(computing).thread?.leastMean, 50);
  });

  it("has neither if the app has not reported it", () => {
    assert.equal(blockResult(block({ durations, counts })).thread, undefined);
    assert.equal(blockResult(block({ durations })).thread, undefined);
  });

  it("has a mean even if the app had no CPU for longer than the block", () => {
    const given = block({ durations, counts, thread: { cpu: 30, runDelay: 2000 } });
    const { undelayedMean, delayShare } = blockResult(given).thread ?? {};
    assert.ok(undelayedMean !== undefined && undelayedMean > 0 && delayShare === 0.98);
  });
});

describe("The counts of an app", () => {
  const counts = { requests: 100, queries: 5, queryMs: 10, ...NO_CACHE };

  it("are read from the page of its admin server", () => {
    const page = {
      endpoints: [
        {
          ...{ route: "/orders/:id", requests: 4, cache: { hits: 3, misses: 1 } },
          queries: { total: 8, mean: 2, meanDuration: 0.005 },
        },
        { route: null, requests: "many" },
      ],
    };
    const parsed = parseCounts(page);
    const expected = { requests: 4, queries: 8, queryMs: 20, cacheHits: 3, cacheMisses: 1 };
    assert.deepEqual(parsed?.routes.get("/orders/:id"), expected);
    assert.equal(parsed?.routes.get("null")?.requests, 0);
    assert.equal(parsed?.thread, undefined);
    const mainThread = { cpuTime: 2, runDelay: 0.5 };
    assert.deepEqual(parseCounts({ ...page, mainThread })?.thread, { cpu: 2000, runDelay: 500 });
  });

  for (const page of [undefined, null, "404", {}, { endpoints: 5 }])
    it(`are unknown from the page ${JSON.stringify(page)}`, () => {
      assert.equal(parseCounts(page), undefined);
    });

  it("are those of the route that was measured, not of a health check", () => {
    const before = countsOf({ "/health": 100 }, { cpu: 100, runDelay: 10 });
    const after = countsOf({ "/health": 105, "/orders": 50 }, { cpu: 150, runDelay: 30 });
    const between = countsBetween(before, after, 50);
    assert.equal(between?.requests, 50);
    assert.deepEqual(between?.thread, { cpu: 50, runDelay: 20 });
  });

  it("are not those of another app, which has had too few requests", () => {
    const [before, after] = [countsOf({ "/orders": 100 }), countsOf({ "/orders": 120 })];
    assert.equal(countsBetween(before, after, 50), undefined);
    assert.equal(countsBetween(before, after, 20)?.requests, 20);
    assert.equal(countsBetween(undefined, after, 20), undefined);
    assert.equal(countsBetween(before, countsOf({}), 20), undefined);
  });

  function countsOf(requests: Readonly<Record<string, number>>, thread?: ThreadMs): AppCounts {
    const routes = Object.entries(requests).map(
      ([route, count]) => [route, { ...counts, requests: count }] as const,
    );
    return { routes: new Map(routes), thread };
  }
});
