import assert from "node:assert/strict";
import { satisfies } from "../../../src/instrumentation/loading/semver-range.ts";

const ranges: readonly {
  readonly range: string;
  readonly matches: readonly string[];
  readonly mismatches: readonly string[];
}[] = [
  { range: ">=8.0.3 <9", matches: ["8.0.3", "8.23.1"], mismatches: ["8.0.2", "9.0.0", "7.99.99"] },
  { range: ">= 4.16 < 5", matches: ["4.16.0", "4.22.3"], mismatches: ["4.15.9", "5.0.0"] },
  { range: "^7.2.0", matches: ["7.2.0", "7.99.0"], mismatches: ["7.1.9", "8.0.0"] },
  { range: "^0.2.3", matches: ["0.2.3", "0.2.9"], mismatches: ["0.3.0", "0.2.2"] },
  { range: "~1.2.3", matches: ["1.2.3", "1.2.9"], mismatches: ["1.3.0"] },
  { range: "~1", matches: ["1.0.0", "1.9.0"], mismatches: ["2.0.0"] },
  { range: "4", matches: ["4.0.0", "4.9.9"], mismatches: ["5.0.0", "3.9.9"] },
  { range: "4.x || 6.*", matches: ["4.1.0", "6.0.0"], mismatches: ["5.0.0", "7.0.0"] },
  { range: "=1.2.3", matches: ["1.2.3"], mismatches: ["1.2.4"] },
  { range: ">1.2", matches: ["1.3.0"], mismatches: ["1.2.9"] },
  { range: ">1.2.3", matches: ["1.2.4"], mismatches: ["1.2.3"] },
  { range: "<=1.2", matches: ["1.2.9", "1.0.0"], mismatches: ["1.3.0"] },
  { range: "*", matches: ["0.0.1", "99.0.0"], mismatches: [] },
  { range: "", matches: ["1.0.0"], mismatches: [] },
  { range: ">=5 <6", matches: ["5.0.0-beta.3", "5.1.0+build.7"], mismatches: ["6.0.0-rc.1"] },
  { range: "latest", matches: [], mismatches: ["1.0.0"] },
  { range: ">=1 <2", matches: [], mismatches: ["1", "1.x", "", "one", "1.2.3.4"] },
];

describe("A range of versions", () => {
  for (const { range, matches, mismatches } of ranges) {
    it(`"${range}" matches ${matches.join(", ") || "nothing"}, but not ${mismatches.join(", ") || "anything else"}`, () => {
      for (const version of matches) assert.ok(satisfies(version, range), version);
      for (const version of mismatches) assert.ok(!satisfies(version, range), version);
    });
  }
});
