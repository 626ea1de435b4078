import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Call } from "../../src/queries/call.ts";
import { findRepeatedCalls } from "../../src/queries/repeated-calls.ts";
import { cpuMsOf } from "../cpu-time.ts";

const SELECT = "SELECT * FROM items WHERE order_id = $1";
const place = { file: "/app/src/orders.ts", line: 42, column: 9 };

/** Creates calls one after the other, with what differs from a query in a loop. */
function calls(count: number, change: (at: number) => Partial<Call> = () => ({})): Call[] {
  return Array.from({ length: count }, (_, at) => ({
    spanId: `span-${at}`,
    parentSpanId: "server",
    scope: "server",
    source: "sql",
    system: "postgresql",
    text: SELECT,
    parameters: [String(at)],
    start: at * 10,
    durationMs: 5,
    failed: false,
    place,
    stack: undefined,
    ...change(at),
  }));
}

interface Row {
  readonly title: string;
  readonly calls: readonly Call[];
  readonly ignore?: readonly string[];
  /** Kind, severity and count of each group. */
  readonly groups: readonly (readonly [kind: string, severity: string, count: number])[];
}

const none: Row["groups"] = [];
const unknown = { parameters: undefined };
const withoutPlace = { place: undefined };

const rows: readonly Row[] = [
  { title: "two queries are no loop", calls: calls(2), groups: none },
  { title: "three are one", calls: calls(3), groups: [["n+1", "info", 3]] },
  { title: "five are a warning", calls: calls(5), groups: [["n+1", "warning", 5]] },
  { title: "twenty are an error", calls: calls(20), groups: [["n+1", "error", 20]] },
  {
    title: "a loop with some equal parameters is one group",
    calls: calls(6, (at) => ({ parameters: [String(at % 2)] })),
    groups: [["n+1", "warning", 6]],
  },
  {
    title: "equal parameters are duplicates, from two places too",
    calls: calls(2, (at) => ({ parameters: ["1"], place: { ...place, line: at } })),
    groups: [["duplicate", "info", 2]],
  },
  {
    title: "a read after a write to its table is no duplicate",
    calls: calls(3, (at) =>
      at === 1 ? { text: "UPDATE items SET a = 1" } : { parameters: ["1"], place: undefined },
    ),
    groups: none,
  },
  {
    title: "a read after a write to another table is one",
    calls: calls(3, (at) =>
      at === 1 ? { text: "UPDATE orders SET a = 1" } : { parameters: ["1"], place: undefined },
    ),
    groups: [["duplicate", "info", 2]],
  },
  {
    title: "a request that failed and its retry are no duplicates",
    calls: calls(2, (at) => ({ ...http("/a"), failed: at === 0, place: undefined })),
    groups: none,
  },
  {
    title: "literals in the text are known parameters",
    calls: calls(3, (at) => ({ ...unknown, text: `SELECT a FROM t WHERE b = ${at}` })),
    groups: [["n+1", "info", 3]],
  },
  {
    title: "unknown parameters are similar",
    calls: calls(3, () => unknown),
    groups: [["similar", "info", 3]],
  },
  {
    title: "without a place four calls are nothing",
    calls: calls(4, () => withoutPlace),
    groups: none,
  },
  {
    title: "without a place five are possible",
    calls: calls(5, () => withoutPlace),
    groups: [["possible", "info", 5]],
  },
  {
    title: "without a place five of different parents are nothing",
    calls: calls(5, (at) => ({ ...withoutPlace, parentSpanId: `parent-${at}` })),
    groups: none,
  },
  {
    title: "repeated writes are batchable",
    calls: calls(5, () => ({ text: "INSERT INTO items (a) VALUES ($1)" })),
    groups: [["batchable", "warning", 5]],
  },
  {
    title: "calls of different units of work are apart",
    calls: calls(4, (at) => ({ scope: at < 2 ? "one" : "two" })),
    groups: none,
  },
  {
    title: "calls of different stacks are apart, although one function makes them",
    calls: calls(4, (at) => ({ stack: `at query (db.ts:3)\nat handler (orders.ts:${at})` })),
    groups: none,
  },
  {
    title: "the first call of a loop belongs to it, around which functions do not wait yet",
    calls: calls(5, (at) => ({
      stack: `at query (db.ts:3:1)\n${at === 0 ? "at handle (a.ts:9:12)" : "at async handle (a.ts:9:5)"}`,
    })),
    groups: [["n+1", "warning", 5]],
  },
  {
    title: "a call of another line of the caller does not",
    calls: calls(5, (at) => ({
      stack: `at query (db.ts:3:1)\nat async handle (a.ts:${at === 0 ? 8 : 9}:5)`,
    })),
    groups: [["n+1", "info", 4]],
  },
  {
    title: "calls on one line are apart by their columns",
    calls: calls(3, (at) => ({ place: { ...place, column: at } })),
    groups: none,
  },
  {
    title: "other calls between them change nothing",
    calls: calls(6, (at) =>
      at % 2 === 0 ? {} : { text: `SELECT a FROM t${at}`, place: undefined },
    ),
    groups: [["n+1", "info", 3]],
  },
  {
    title: "statements of transactions are ignored",
    calls: calls(9, (at) => ({
      text: ["BEGIN", "COMMIT", "SAVEPOINT a", "SET LOCAL a = 1"][at % 4]!,
      parameters: [],
    })),
    groups: none,
  },
  {
    title: "paging is no loop",
    calls: calls(5, (at) => ({
      text: "SELECT a FROM t ORDER BY b LIMIT 100 OFFSET $1",
      parameters: [`${at}`],
    })),
    groups: none,
  },
  {
    title: "queries with the same offset are a loop",
    calls: calls(5, (at) => ({
      text: "SELECT a FROM t WHERE b = $1 LIMIT $2 OFFSET $3",
      parameters: [`0=${at}`, "1=1", "2=0"],
    })),
    groups: [["n+1", "warning", 5]],
  },
  {
    title: "reading behind the last key is no loop",
    calls: calls(5, () => ({ text: "SELECT a FROM t WHERE id > $1 ORDER BY id LIMIT 100" })),
    groups: none,
  },
  {
    title: "the newest rows of each are one",
    calls: calls(5, () => ({ text: "SELECT a FROM t WHERE b = $1 ORDER BY c LIMIT 3" })),
    groups: [["n+1", "warning", 5]],
  },
  {
    title: "keys of Redis in a loop",
    calls: calls(5, (at) => redis(`GET user:${at}`)),
    groups: [["n+1", "warning", 5]],
  },
  {
    title: "keys of Redis that are names",
    calls: calls(3, (at) => redis(`GET user:${["ann", "bob", "eve"][at]}`)),
    groups: [["n+1", "info", 3]],
  },
  {
    title: "one key of Redis twice",
    calls: calls(2, () => redis("GET config")),
    groups: [["duplicate", "info", 2]],
  },
  {
    title: "commands of Redis without keys",
    calls: calls(9, () => redis("PING")),
    groups: none,
  },
  {
    title: "documents of MongoDB in a loop",
    calls: calls(5, (at) => mongo({ find: "items", filter: { _id: at } })),
    groups: [["n+1", "warning", 5]],
  },
  {
    title: "further parts of a cursor of MongoDB are no loop",
    calls: calls(5, (at) => mongo({ getMore: at, collection: "items" })),
    groups: none,
  },
  {
    title: "requests in a loop",
    calls: calls(5, (at) => http(`/users/${at}`)),
    groups: [["n+1", "warning", 5]],
  },
  {
    title: "pages of a list are no loop",
    calls: calls(5, (at) => http(`/users?page=${at}`)),
    groups: none,
  },
  {
    title: "a comment excludes a statement",
    calls: calls(5, () => ({ text: `/* telltale: ignore */ ${SELECT}` })),
    groups: none,
  },
  {
    title: "a rule excludes a fingerprint",
    calls: calls(5),
    ignore: ["SELECT * FROM items*"],
    groups: none,
  },
  { title: "a rule excludes a file", calls: calls(5), ignore: ["src/orders.ts"], groups: none },
  { title: "a rule excludes a line", calls: calls(5), ignore: ["orders.ts:42"], groups: none },
  { title: "a rule excludes a folder", calls: calls(5), ignore: ["src/*"], groups: none },
  {
    title: "a rule for another line excludes nothing",
    calls: calls(5),
    ignore: ["orders.ts:4", "rders.ts", "SELECT * FROM other*"],
    groups: [["n+1", "warning", 5]],
  },
];

function redis(text: string): Partial<Call> {
  return { source: "redis", system: "redis", text, parameters: undefined };
}

function mongo(command: object): Partial<Call> {
  return {
    source: "mongodb",
    system: "mongodb",
    text: JSON.stringify(command),
    parameters: undefined,
  };
}

function http(path: string): Partial<Call> {
  return {
    source: "http",
    system: undefined,
    text: `GET http://api.test${path}`,
    parameters: undefined,
  };
}

describe("Repeated calls", () => {
  for (const { title, calls: made, ignore = [], groups } of rows) {
    it(`are found by their rules: ${title}`, () => {
      const found = findRepeatedCalls(made, { ignore });
      assert.deepEqual(
        found.map(({ kind, severity, count }) => [kind, severity, count]),
        groups,
      );
    });
  }

  it("are described with place, parameters, time and order", () => {
    const [group] = findRepeatedCalls(calls(5));
    const { hint = "", ...described } = group ?? {};
    assert.deepEqual(described, {
      kind: "n+1",
      severity: "warning",
      source: "sql",
      fingerprint: "SELECT * FROM items WHERE order_id = ?",
      example: SELECT,
      place,
      count: 5,
      distinct: 5,
      totalMs: 25,
      concurrent: false,
      spanIds: ["span-0", "span-1", "span-2", "span-3", "span-4"],
    });
    assert.match(hint, /order_id = ANY\(…\).*DataLoader/);
  });

  it("are concurrent if they overlap, in any order of the spans", () => {
    const overlapping = calls(5, (at) => ({ start: at })).toReversed();
    assert.equal(findRepeatedCalls(overlapping)[0]?.concurrent, true);
  });

  it("of a slow query have the column of an index to look at", () => {
    const [group] = findRepeatedCalls(calls(3, () => ({ durationMs: 50 })));
    assert.match(group?.hint ?? "", /Each takes 50 ms: look at an index on items \(order_id\)$/);
  });

  it("of keys that differ in a name have one fingerprint", () => {
    const [group] = findRepeatedCalls(calls(3, (at) => redis(`GET user:${"abc"[at]}:cart`)));
    assert.equal(group?.fingerprint, "GET user:?:cart");
  });

  it("come in the order of count times duration", () => {
    const cheap = calls(6);
    const slow = calls(3, (at) => ({
      text: "SELECT a FROM b WHERE c = $1",
      spanId: `slow-${at}`,
      durationMs: 500,
    }));
    const counts = findRepeatedCalls([...cheap, ...slow]).map(({ count }) => count);
    assert.deepEqual(counts, [3, 6]);
  });

  it("share no call, have their smallest count, and don't depend on the order of the spans", () => {
    fc.assert(
      fc.property(fc.array(anyCall, { maxLength: 60 }), (made) => {
        const all = made.map((call, at) => ({ ...call, spanId: `${at}`, start: at }));
        const found = findRepeatedCalls(all);
        const ids = found.flatMap(({ spanIds }) => spanIds);
        assert.equal(new Set(ids).size, ids.length);
        for (const { count, spanIds, kind } of found) {
          assert.equal(count, spanIds.length);
          assert.ok(count >= (kind === "duplicate" ? 2 : kind === "possible" ? 5 : 3));
        }
        const spans = (groups: typeof found): string[] =>
          groups.map(({ spanIds }) => spanIds.join(" ")).toSorted();
        assert.deepEqual(spans(findRepeatedCalls(all.toReversed())), spans(found));
      }),
    );
  });

  it("of 20,000 calls are found in linear time", () => {
    const all = calls(20_000, (at) => ({ text: `SELECT a FROM t${at % 5000} WHERE b = $1` }));
    const ms = cpuMsOf(() => findRepeatedCalls(all));
    assert.ok(ms < 3000, `${ms} ms`);
  });
});

const anyCall: fc.Arbitrary<Call> = fc
  .record({
    scope: fc.constantFrom("a", "b"),
    text: fc.constantFrom(
      SELECT,
      "SELECT 1",
      "INSERT INTO items VALUES ($1)",
      "SELECT a FROM b",
      "BEGIN",
    ),
    parameters: fc.option(fc.array(fc.constantFrom("1", "2"), { maxLength: 1 }), {
      nil: undefined,
    }),
    failed: fc.boolean(),
    place: fc.constantFrom(undefined, place, { ...place, line: 1 }),
    durationMs: fc.nat(50),
  })
  .map((part) => ({ ...calls(1)[0]!, ...part }));
