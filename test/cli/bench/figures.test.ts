import assert from "node:assert/strict";
import { type Block, figuresOf, rankedValue } from "../../../src/cli/bench/figures.ts";
import type { RequestCounts } from "../../../src/cli/bench/request-counts.ts";
import { countsBetween, parseCounts } from "../../../src/cli/bench/request-counts.ts";

interface Given {
  readonly durations: readonly number[];
  readonly statuses?: Readonly<Record<number, number>>;
  readonly failures?: number;
  readonly counts?: RequestCounts;
}

function block({ durations, statuses, failures = 0, counts }: Given): Block {
  const all = Object.entries(statuses ?? { 200: durations.length });
  return {
    load: {
      ...{ durations, failures, failure: undefined, elapsedMs: 1000 },
      statuses: new Map(all.map(([status, count]) => [Number(status), count])),
    },
    ...{ counts, machineMs: 1 },
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
    assert.deepEqual(parsed?.get("/orders/:id"), expected);
    assert.equal(parsed?.get("null")?.requests, 0);
  });

  for (const page of [undefined, null, "404", {}, { endpoints: 5 }])
    it(`are unknown from the page ${JSON.stringify(page)}`, () => {
      assert.equal(parseCounts(page), undefined);
    });

  it("are those of the route that was measured, not of a health check", () => {
    const before = new Map([["/health", counts]]);
    const after = new Map([
      ["/health", { ...counts, requests: 105 }],
      ["/orders", { ...counts, requests: 50 }],
    ]);
    assert.equal(countsBetween(before, after, 50)?.requests, 50);
  });

  it("are not those of another app, which has had too few requests", () => {
    const before = new Map([["/orders", counts]]);
    const after = new Map([["/orders", { ...counts, requests: 120 }]]);
    assert.equal(countsBetween(before, after, 50), undefined);
    assert.equal(countsBetween(before, after, 20)?.requests, 20);
    assert.equal(countsBetween(undefined, after, 20), undefined);
    assert.equal(countsBetween(before, new Map(), 20), undefined);
  });
});
