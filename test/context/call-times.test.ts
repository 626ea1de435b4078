import assert from "node:assert/strict";
import { callKindOf, CallTimes } from "../../src/context/call-times.ts";

/** Calls by kind, start and end; one without an end is in progress. */
type Call = readonly [kind: "database" | "cache" | "outgoing", from: number, to?: number];

const rows: readonly {
  readonly title: string;
  readonly calls: readonly Call[];
  readonly database: readonly [count: number, ms: number];
  readonly busy: number;
}[] = [
  {
    title: "one after the other",
    calls: [
      ["database", 1, 3],
      ["database", 5, 6],
    ],
    database: [2, 3],
    busy: 3,
  },
  {
    title: "at the same time",
    calls: [
      ["database", 1, 6],
      ["database", 2, 4],
    ],
    database: [2, 5],
    busy: 5,
  },
  {
    title: "that overlap",
    calls: [
      ["database", 1, 4],
      ["database", 3, 6],
    ],
    database: [2, 5],
    busy: 5,
  },
  {
    title: "of several kinds",
    calls: [
      ["database", 1, 4],
      ["outgoing", 2, 7],
      ["cache", 8, 9],
    ],
    database: [1, 3],
    busy: 7,
  },
  {
    title: "in progress",
    calls: [
      ["database", 4],
      ["database", 6, 7],
    ],
    database: [2, 6],
    busy: 6,
  },
  { title: "that end before they start", calls: [["database", 4, 3]], database: [1, 0], busy: 0 },
];

/** Starts and ends the calls in the order of their times. */
function timesOf(calls: readonly Call[]): CallTimes {
  const times = new CallTimes();
  const steps = calls.flatMap(([kind, from, to]) => [
    { at: from, order: 0, run: () => times.started(kind, from) },
    ...(to === undefined
      ? []
      : [{ at: Math.max(from, to), order: 1, run: () => times.ended(kind, to) }]),
  ]);
  for (const { run } of steps.toSorted((a, b) => a.at - b.at || a.order - b.order)) run();
  return times;
}

describe("The times of calls", () => {
  for (const { title, calls, database, busy } of rows) {
    it(`count no time twice, with calls ${title}`, () => {
      const times = timesOf(calls);
      const time = times.until("database", 10);
      assert.deepEqual([time?.count, time?.ms], database);
      assert.equal(times.busyMsUntil(10), busy);
    });
  }

  it("have nothing of a kind without calls", () => {
    assert.equal(timesOf([["cache", 1, 2]]).until("database", 3), undefined);
  });
});

describe("The kind of a call", () => {
  for (const [system, kind] of [
    ["postgresql", "database"],
    ["redis", "cache"],
    ["memcached", "cache"],
    [undefined, "outgoing"],
  ] as const) {
    it(`is ${kind} for the system ${system}`, () => {
      assert.equal(callKindOf({ "db.system.name": system }), kind);
    });
  }

  it("is outgoing without attributes", () => {
    assert.equal(callKindOf(undefined), "outgoing");
  });
});
