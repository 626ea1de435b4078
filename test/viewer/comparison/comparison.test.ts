import assert from "node:assert/strict";
import * as fc from "fast-check";
import { compareUnits } from "../../../src/viewer/comparison/comparison.ts";
import { type ComparedUnit, queryUsesOf } from "../../../src/viewer/comparison/compared-unit.ts";
import type { RouteComparison } from "../../../src/viewer/model.ts";
import { anyUnits, query, run, unit } from "./units.ts";

const route = "GET /orders";

function compareOne(
  before: readonly ComparedUnit[],
  after: readonly ComparedUnit[],
): RouteComparison {
  const [found, ...others] = compareUnits(run("before", before), run("after", after)).routes;
  assert.ok(found !== undefined && others.length === 0);
  return found;
}

function requests(durations: readonly number[], queries = [query("SELECT ?", 1)]): ComparedUnit[] {
  return durations.map((ms) => unit(route, ms, queries));
}

interface Row {
  readonly title: string;
  readonly before: readonly ComparedUnit[];
  readonly after: readonly ComparedUnit[];
  readonly change: RouteComparison["change"];
  readonly queries?: readonly string[];
}

const steady = [20, 21, 22, 20, 23, 21, 20, 22, 21, 20];
const noisy = [20, 60, 25, 41, 22, 90, 30, 27, 35, 21];

const rows: readonly Row[] = [
  {
    title: "two requests that differ by 3%",
    before: requests([100]),
    after: requests([103]),
    change: "same",
  },
  {
    title: "two requests, of which one takes twice as long",
    before: requests([100]),
    after: requests([200]),
    change: "slower",
  },
  {
    title: "two short requests, of which one takes twice as long",
    before: requests([2]),
    after: requests([4]),
    change: "same",
  },
  {
    title: "three requests among which one was slow",
    before: requests([20, 21, 20]),
    after: requests([19, 400, 20]),
    change: "same",
  },
  {
    title: "three requests that are all slower than the slowest before",
    before: requests([20, 30, 25]),
    after: requests([60, 50, 70]),
    change: "slower",
  },
  {
    title: "ten steady requests that become 40% slower",
    before: requests(steady),
    after: requests(steady.map((ms) => ms * 1.4)),
    change: "slower",
  },
  {
    title: "ten steady requests that become 5% slower",
    before: requests(steady),
    after: requests(steady.map((ms) => ms * 1.05)),
    change: "same",
  },
  {
    title: "ten noisy requests in another order of the same noise",
    before: requests(noisy),
    after: requests(noisy.map((ms) => ms * 1.1)),
    change: "same",
  },
  {
    title: "a tail that becomes slow while the median stays",
    before: requests(Array.from({ length: 100 }, (_, at) => 20 + (at % 7))),
    after: requests(Array.from({ length: 100 }, (_, at) => (at % 6 === 0 ? 300 : 20 + (at % 7)))),
    change: "slower",
  },
  {
    title: "half the time",
    before: requests(steady),
    after: requests(steady.map((ms) => ms / 2)),
    change: "faster",
  },
  { title: "a new route", before: [], after: requests([20]), change: "new" },
  {
    title: "a route that was not requested again",
    before: requests([20]),
    after: [],
    change: "gone",
  },
  {
    title: "one query that replaces another",
    before: requests([20], [query("SELECT a", 1)]),
    after: requests([20], [query("SELECT b", 1)]),
    change: "changed",
    queries: ["new SELECT b 0→1", "gone SELECT a 1→0"],
  },
  {
    title: "a query that runs once for each item",
    before: requests([20, 21], [query("SELECT a", 1)]),
    after: requests([22, 21], [query("SELECT a", 21)]),
    change: "changed",
    queries: ["more SELECT a 1→21"],
  },
  {
    title: "a query that runs seldom, and is not seen in few requests",
    before: [...requests(Array.from({ length: 99 }, () => 20)), ...requests([20], [query("B", 1)])],
    after: requests([20, 20]),
    change: "same",
  },
  {
    title: "a query whose number varies from request to request as before",
    before: [1, 9, 3, 7].flatMap((count) => requests([20], [query("SELECT a", count)])),
    after: [8, 2, 9, 4].flatMap((count) => requests([20], [query("SELECT a", count)])),
    change: "same",
  },
  {
    title: "a query that takes ten times as long in an otherwise equal request",
    before: requests(noisy, [query("SELECT a", 1, 2)]),
    after: requests(noisy, [query("SELECT a", 1, 20)]),
    change: "changed",
    queries: ["slower SELECT a 1→1"],
  },
  {
    title: "requests that fail now",
    before: [unit(route, 20), unit(route, 21)],
    after: [unit(route, 20, [], true), unit(route, 21, [], true)],
    change: "changed",
  },
  {
    title: "one failure more in many requests",
    before: Array.from({ length: 50 }, () => unit(route, 20)),
    after: Array.from({ length: 50 }, (_, at) => unit(route, 20, [], at === 0)),
    change: "same",
  },
];

describe("A comparison", () => {
  for (const { title, before, after, change, queries = [] } of rows) {
    it(`of ${title}: ${change}`, () => {
      const found = compareOne(before, after);
      assert.equal(found.change, change);
      assert.deepEqual(
        found.queryChanges.map(
          (one) => `${one.change} ${one.fingerprint} ${one.perUnitBefore}→${one.perUnitAfter}`,
        ),
        queries,
      );
    });
  }

  it("has figures per unit of work", () => {
    const found = compareOne(
      requests([10, 30], [query("SELECT a", 2, 8)]),
      requests([40], [query("SELECT a", 6, 12)]),
    );
    assert.deepEqual(found.p50, { before: 20, after: 40, ratio: 1 });
    assert.deepEqual(found.queries, { before: 2, after: 6, ratio: 2 });
    assert.deepEqual(found.queryMs, { before: 8, after: 12, ratio: 0.5 });
    const [change] = found.queryChanges;
    assert.deepEqual([change?.msBefore, change?.msAfter], [4, 2]);
  });

  it("pairs two routes of different names", () => {
    const of = (id: string, units: readonly ComparedUnit[]) => ({
      side: { kind: "route", id, label: id } as const,
      units,
    });
    const { routes } = compareUnits(of("a", [unit("GET /a", 1)]), of("b", [unit("GET /b", 90)]));
    assert.deepEqual(
      routes.map(({ name, change }) => [name, change]),
      [["GET /a → GET /b", "slower"]],
    );
  });

  it("adds up the queries of spans by fingerprint", () => {
    const place = { file: "/app/a.js", line: 3, shown: "a.js" };
    const span = (text: string, durationMs: number) => ({
      durationMs,
      place,
      query: { system: "postgresql", text, fingerprint: "SELECT ?" },
    });
    assert.deepEqual(queryUsesOf([span("SELECT 1", 2), { durationMs: 9 }, span("SELECT 2", 3)]), [
      { fingerprint: "SELECT ?", example: "SELECT 1", place, count: 2, totalMs: 5 },
    ]);
  });
});

const mirrored: Readonly<Record<string, string>> = {
  ...{ new: "gone", gone: "new", more: "fewer", fewer: "more", slower: "faster", faster: "slower" },
  ...{ same: "same", changed: "changed" },
};

describe("Any comparison", () => {
  it("of units with themselves finds nothing", () => {
    fc.assert(
      fc.property(anyUnits, (units) => {
        for (const found of compareUnits(run("a", units), run("b", units)).routes) {
          assert.equal(found.change, "same");
          assert.deepEqual(found.queryChanges, []);
        }
      }),
    );
  });

  it("has each route of both sides once", () => {
    fc.assert(
      fc.property(anyUnits, anyUnits, (before, after) => {
        const names = compareUnits(run("a", before), run("b", after)).routes.map((one) => one.name);
        const expected = new Set([...before, ...after].map(({ name }) => name));
        assert.deepEqual(names.toSorted(), [...expected].toSorted());
      }),
    );
  });

  it("is mirrored if the sides change places", () => {
    fc.assert(
      fc.property(anyUnits, anyUnits, (before, after) => {
        const there = changesOf(before, after);
        const back = changesOf(after, before);
        assert.deepEqual(
          new Map(there.map(([what, change]) => [what, mirrored[change]])),
          new Map(back),
        );
      }),
    );
  });

  it("does not depend on the order of the units", () => {
    fc.assert(
      fc.property(anyUnits, anyUnits, (before, after) => {
        assert.deepEqual(
          new Map(changesOf(before, after)),
          new Map(changesOf(before.toReversed(), after.toReversed())),
        );
      }),
    );
  });

  it("has only finite figures", () => {
    fc.assert(
      fc.property(anyUnits, anyUnits, (before, after) => {
        const { routes } = compareUnits(run("a", before), run("b", after));
        JSON.stringify(routes, (key, value: unknown) => {
          assert.ok(typeof value !== "number" || Number.isFinite(value), key);
          return value;
        });
      }),
    );
  });
});

function changesOf(
  before: readonly ComparedUnit[],
  after: readonly ComparedUnit[],
): (readonly [string, string])[] {
  return compareUnits(run("a", before), run("b", after)).routes.flatMap((found) => [
    [found.name, found.change],
    ...found.queryChanges.map(
      ({ fingerprint, change }) => [`${found.name} ${fingerprint}`, change] as const,
    ),
  ]);
}
