import assert from "node:assert/strict";
import { parseErrorPatterns, parseRoutePatterns } from "../../src/config/error-filters.ts";
import type { ValueIssue } from "../../src/config/issue.ts";
import { cpuMsOf } from "../cpu-time.ts";

/** Entries are texts, or `[source, flags]` of regular expressions. */
type Entry = string | readonly [source: string, flags: string];

const errorLists: readonly (readonly [list: string, entries: readonly Entry[]])[] = [
  ["ECONNRESET", ["ECONNRESET"]],
  [" ECONNRESET , socket hang up,,", ["ECONNRESET", "socket hang up"]],
  ["TypeError: fetch failed", ["TypeError: fetch failed"]],
  ["a/b,c", ["a/b", "c"]],
  ["/^timeout/", [["^timeout", ""]]],
  ["/a,b/i,c", [["a,b", "i"], "c"]],
  [
    "/a{1,3}/ims , /b/u",
    [
      ["a{1,3}", "ims"],
      ["b", "u"],
    ],
  ],
  [String.raw`/a\/,b/,c`, [[String.raw`a\/,b`, ""], "c"]],
  ["/[/]x/,y", [["[/]x", ""], "y"]],
  ["/a/b/", [["a/b", ""]]],
];

const SLASH = "the slash at the end is missing";
const FLAGS = "its flags may be i, m, s, u";

const malformedErrors: readonly (readonly [list: string, received: string, problem: string])[] = [
  ["/health,ECONNRESET", '"/health"', SLASH],
  ["/,ECONNRESET", '"/"', SLASH],
  ["//,ECONNRESET", '"//"', "it is empty"],
  ["/a/g,ECONNRESET", '"/a/g"', FLAGS],
  ["ECONNRESET,/a/iy", '"/a/iy"', FLAGS],
];

describe("A list of ignored errors", () => {
  for (const [list, entries] of errorLists) {
    it(`may be ${JSON.stringify(list)}`, () => {
      const patterns = entries.map((entry) =>
        typeof entry === "string"
          ? { kind: "text", text: entry }
          : { kind: "expression", source: entry[0], flags: entry[1] },
      );
      assert.deepEqual(parse(parseErrorPatterns, list), [patterns, []]);
    });
  }

  for (const [list, received, problem] of malformedErrors) {
    it(`is used without a malformed entry: ${received}`, () => {
      const [patterns, issues] = parse(parseErrorPatterns, list);
      assert.deepEqual(patterns, [{ kind: "text", text: "ECONNRESET" }]);
      const expected = `a text, or a regular expression like /^connect ECONN/i (${problem})`;
      assert.deepEqual(issues, [{ received, expected, used: "the other entries" }]);
    });
  }

  it("is undefined without any usable entry", () => {
    assert.equal(parse(parseErrorPatterns, ", ,")[0], undefined);
    assert.equal(parse(parseErrorPatterns, "/a/x")[0], undefined);
  });

  it("is parsed in linear time", () => {
    const ms = cpuMsOf(() => {
      for (const text of ["/", "/a", "a,", "/a,", "\\", " "]) {
        parse(parseErrorPatterns, text.repeat(20_000));
      }
    });
    assert.ok(ms < 10_000, `${ms} ms`);
  });
});

describe("A list of ignored routes", () => {
  it("has routes with and without a method", () => {
    const list = "GET /health, /internal/*,queue process,,";
    const routes = ["GET /health", "/internal/*", "queue process"];
    assert.deepEqual(parse(parseRoutePatterns, list), [routes, []]);
  });

  it("has no entry that ignores everything", () => {
    const expected = "a route like GET /health or /internal/*";
    assert.deepEqual(parse(parseRoutePatterns, "*,GET /health"), [
      ["GET /health"],
      [{ received: '"*"', expected, used: "the other entries" }],
    ]);
    assert.equal(parse(parseRoutePatterns, "* *")[0], undefined);
  });
});

function parse<T>(
  parser: (list: string, report: (issue: ValueIssue) => void) => T,
  list: string,
): [T, ValueIssue[]] {
  const issues: ValueIssue[] = [];
  return [parser(list, (issue) => issues.push(issue)), issues];
}
