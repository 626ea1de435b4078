import assert from "node:assert/strict";
import { findBreaches, parseLimits } from "../../../src/cli/viewer/limits.ts";
import { compareUnits } from "../../../src/viewer/comparison/comparison.ts";
import type { Comparison } from "../../../src/viewer/model.ts";
import { query, run, unit } from "../../viewer/comparison/units.ts";

const invalid: readonly (readonly [text: string, problem: RegExp])[] = [
  ["", /^--fail-on: received "", expected FIGURE>/],
  ["p95", /expected FIGURE>/],
  ["p95>", /expected FIGURE>/],
  ["p95<20ms", /expected FIGURE>/],
  ["p95>+", /expected FIGURE>/],
  ["p95>-20%", /expected FIGURE>/],
  ["p95>1e3ms", /expected FIGURE>/],
  ["p59>+20%", /expected one of p50, .*, did you mean p95\?|expected one of p50/],
  ["quries>+1", /did you mean queries\?/],
  ["p95>20%", /expected an increase in percent, such as p95>\+20%/],
  ["queries>+1ms", /expected a number of queries, such as queries>\+1/],
  ["queries>50%", /expected an increase in percent, such as queries>\+20%/],
  ["errors>1", /expected a share of the requests, such as errors>1%/],
  ["new-queries>+1", /expected a number, such as new-queries>0/],
  ["new-queries>1%", /expected a number, such as new-queries>0/],
];

const steady = Array.from({ length: 20 }, (_, at) => 20 + (at % 5));

/** A route that has become half as slow again, and runs one query 12 times. */
const changed = compareUnits(
  run(
    "before",
    steady.map((ms) => unit("GET /a", ms, [query("SELECT a", 1)])),
  ),
  run(
    "after",
    steady.map((ms, at) =>
      unit("GET /a", ms * 1.5, [query("SELECT a", 12), query("SELECT b", 1)], at === 0),
    ),
  ),
);

const noisy = compareUnits(run("before", [unit("GET /a", 10)]), run("after", [unit("GET /a", 14)]));

const isNew = compareUnits(run("before", []), run("after", [unit("GET /a", 900)]));

const rows: readonly (readonly [limits: string, comparison: Comparison, isBeyond: boolean])[] = [
  ["p95>+20%", changed, true],
  ["p95>+60%", changed, false],
  ["p50>+5ms", changed, true],
  ["p50>+50ms", changed, false],
  ["p95>25ms", changed, true],
  ["p95>0.025s", changed, true],
  ["p95>1s", changed, false],
  ["queries>+1", changed, true],
  ["queries>+12", changed, false],
  ["queries>12", changed, true],
  ["queries>13", changed, false],
  ["queries>+1100%", changed, true],
  ["errors>1%", changed, true],
  ["errors>5%", changed, false],
  ["errors>+4%", changed, true],
  ["new-queries>0", changed, true],
  ["new-queries>1", changed, false],
  ["query-ms>+50%", changed, true],
  ["p95>60ms, queries>+1", changed, true],
  // 40% of one request may be noise; a limit that is fixed holds for one request too.
  ["p95>+20%", noisy, false],
  ["p95>13ms", noisy, true],
  // Without requests before there is no increase.
  ["p95>+20%", isNew, false],
  ["p95>500ms", isNew, true],
];

describe("Limits of a comparison", () => {
  for (const [text, problem] of invalid) {
    it(`refuse ${JSON.stringify(text)} in one line`, () => {
      const { problems } = parseLimits(text);
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? "", problem);
    });
  }

  it("report each condition that is wrong", () => {
    const { limits, problems } = parseLimits("p95>+20%,p96>1,queries>x");
    assert.deepEqual([limits.length, problems.length], [1, 2]);
  });

  for (const [text, comparison, isBeyond] of rows) {
    const counts = comparison.routes.map((one) => `${one.countBefore}, ${one.countAfter}`).join();
    it(`of ${text} are ${isBeyond ? "" : "not "}exceeded (${counts} requests)`, () => {
      const { limits, problems } = parseLimits(text);
      assert.deepEqual(problems, []);
      assert.equal(findBreaches(comparison, limits).length > 0, isBeyond);
    });
  }
});
