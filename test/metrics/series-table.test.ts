import assert from "node:assert/strict";
import type { Attributes } from "@opentelemetry/api";
import { redactor } from "../redaction/default-redactor.ts";
import { CARDINALITY_LIMIT, SeriesTable } from "../../src/metrics/series-table.ts";

interface Series {
  readonly attributes: Attributes;
}

const createTable = (): SeriesTable<Series> =>
  new SeriesTable((attributes) => ({ attributes }), { redactor });

/** Equal attributes. */
const same: readonly (readonly [string, Attributes, Attributes])[] = [
  ["another order", { a: 1, b: 2, c: 3 }, { c: 3, a: 1, b: 2 }],
  ["undefined is absent", { a: 1 }, { a: 1, b: undefined }],
  ["null is absent", { a: 1 }, { a: 1, b: null }],
  ["an object of a class is no attribute", { a: 1 }, { a: 1, b: new Date() }],
  ["a function is no attribute", { a: 1 }, { a: 1, b: () => {} }],
  ["a bigint is no attribute", { a: 1 }, { a: 1, b: 1n }],
  ["an empty key is none", { a: 1 }, { a: 1, "": 2 }],
  [
    "what is inherited is not there",
    { a: 1 },
    Object.assign(Object.create({ b: 2 }) as Attributes, { a: 1 }),
  ],
  ["equal arrays", { a: ["x", "y"] }, { a: ["x", "y"] }],
  ["equal maps", { a: { x: 1, y: ["z"] } }, { a: { y: ["z"], x: 1 } }],
  ["equal bytes", { a: new Uint8Array([1, 2]) }, { a: Buffer.from([1, 2]) }],
  ["a list with a function is no attribute", {}, { a: [() => {}] }],
  ["NaN is NaN", { a: NaN }, { a: NaN }],
  ["nothing and an empty object", {}, { a: undefined }],
];

/** Different attributes. */
const different: readonly (readonly [string, Attributes, Attributes])[] = [
  ["a number and its text", { a: 1 }, { a: "1" }],
  ["true and its text", { a: true }, { a: "true" }],
  ["a value that looks like the next pair", { a: "1", b: "2" }, { a: "1b2" }],
  ["a pair more", { a: 1 }, { a: 1, b: 2 }],
  ["values the other way round", { a: 1, b: 2 }, { a: 2, b: 1 }],
  ["arrays in another order", { a: ["x", "y"] }, { a: ["y", "x"] }],
  ["maps of other values", { a: { x: 1 } }, { a: { x: 2 } }],
  ["a list of a number and one of its text", { a: [1] }, { a: ["1"] }],
  ["an array and its text", { a: ["x"] }, { a: '["x"]' }],
  [
    "what is inherited and what is not",
    { a: 1, b: 2 },
    Object.assign(Object.create({ b: 2 }) as Attributes, { a: 1 }),
  ],
  ["a key named __proto__", {}, JSON.parse('{"__proto__": 1}') as Attributes],
];

describe("A series table", () => {
  for (const [title, a, b] of same) {
    it(`returns one series for equal attributes: ${title}`, () => {
      const table = createTable();
      for (const [first, second] of [
        [a, b],
        [b, a],
      ] as const) {
        assert.equal(table.seriesFor(first), table.seriesFor(second));
        assert.equal(
          table.seriesFor(first),
          table.seriesFor(second),
          "again, by the remembered path",
        );
      }
      assert.equal(table.size, 1);
    });
  }

  for (const [title, a, b] of different) {
    it(`returns different series for different attributes: ${title}`, () => {
      const table = createTable();
      assert.notEqual(table.seriesFor(a), table.seriesFor(b));
      assert.notEqual(table.seriesFor(a), table.seriesFor(b));
      assert.equal(table.size, 2);
    });
  }

  it("returns the right series when an object is changed and reused", () => {
    const table = createTable();
    const attributes: Attributes = { route: "/a", list: ["x"] };
    const before = table.seriesFor(attributes);
    attributes["route"] = "/b";
    const after = table.seriesFor(attributes);
    (attributes["list"] as string[]).push("y");
    const last = table.seriesFor(attributes);
    assert.deepEqual(before.attributes, { route: "/a", list: ["x"] });
    assert.deepEqual(after.attributes, { route: "/b", list: ["x"] });
    assert.deepEqual(last.attributes, { route: "/b", list: ["x", "y"] });
  });

  it("returns the overflow series above the limit, for life", () => {
    const table = createTable();
    for (let index = 0; index < CARDINALITY_LIMIT * 3; index += 1) table.seriesFor({ index });
    assert.equal(table.size, CARDINALITY_LIMIT);
    const all = [...table];
    assert.equal(all.length, CARDINALITY_LIMIT);
    assert.deepEqual(all.at(-1)?.attributes, { "otel.metric.overflow": true });
    assert.equal(table.seriesFor({ index: 5 }), all[5], "a series of before is still found");
    assert.ok(table.isOverflow(table.seriesFor({ index: -1 })));
  });

  it("returns a known series in any order of keys when it is full", () => {
    const table = createTable();
    const known = table.seriesFor({ a: 1, b: 2 });
    for (let index = 0; index < CARDINALITY_LIMIT * 6; index += 1)
      table.seriesFor({ index, other: -index });
    assert.equal(table.seriesFor({ b: 2, a: 1 }), known);
  });

  it("agrees with a table of strings over random attributes", () => {
    const table = createTable();
    const expected = new Map<string, Series>();
    const random = randomFrom(42);
    for (let round = 0; round < 20_000; round += 1) {
      const attributes = randomAttributes(random);
      const key = JSON.stringify(
        Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1)),
      );
      const series = table.seriesFor(attributes);
      assert.equal(series, expected.get(key) ?? series, key);
      expected.set(key, series);
    }
    assert.equal(table.size, expected.size);
  });
});

function randomAttributes(random: () => number): Attributes {
  const attributes: Attributes = {};
  const values = ["x", "y", 1, "1", true, ["x"]] as const;
  const keys = ["a", "b", "c", "d"].toSorted(() => random() - 0.5);
  for (const key of keys.slice(0, Math.floor(random() * 4))) {
    attributes[key] = values[Math.floor(random() * values.length)];
  }
  return attributes;
}

/** Pseudo-random numbers (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
