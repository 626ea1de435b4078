import assert from "node:assert/strict";
import { RollingCounts } from "../../../src/metrics/summary/rolling-counts.ts";

const MINUTE = 60_000;

/** Times at which a request ends, the time of the sum, and how many requests it has. */
const rows: readonly (readonly [
  title: string,
  ends: readonly number[],
  at: number,
  sum: number,
])[] = [
  ["no requests", [], MINUTE, 0],
  ["requests of now", [5, 5, 9999], 9999, 3],
  ["a request of nearly five minutes ago", [10_000], 10_000 + 5 * MINUTE - 10_001, 1],
  ["a request of more than five minutes ago", [9999], 5 * MINUTE + 10_000, 0],
  ["a slot that is used again", [0, 5 * MINUTE, 5 * MINUTE + 1], 5 * MINUTE + 2, 2],
  ["a pause of hours", [0, MINUTE, 600 * MINUTE], 600 * MINUTE, 1],
  ["hours after the last request", [0, MINUTE], 600 * MINUTE, 0],
];

describe("The counts of the last five minutes", () => {
  for (const [title, ends, at, sum] of rows) {
    it(`are right with ${title}`, () => {
      const counts = new RollingCounts();
      for (const end of ends) counts.countsAt(end).requests++;
      assert.equal(counts.sumAt(at).requests, sum);
    });
  }

  it("are exact to one slot of ten seconds, with a request each second for an hour", () => {
    const counts = new RollingCounts();
    for (let second = 0; second < 3600; second++) {
      counts.countsAt(second * 1000).requests++;
      const { requests } = counts.sumAt(second * 1000);
      assert.ok(second < 300 ? requests === second + 1 : requests > 290 && requests <= 300);
    }
  });
});
