import assert from "node:assert/strict";
import { satisfies } from "../../../src/instrumentation/loading/semver-range.ts";

const ranges: readonly {
  readonly range: string;
  readonly holds: readonly string[];
  readonly not: readonly string[];
}[] = [
  { range: ">=8.0.3 <9", holds: ["8.0.3", "8.23.1"], not: ["8.0.2", "9.0.0", "7.99.99"] },
  { range: ">= 4.16 < 5", holds: ["4.16.0", "4.22.3"], not: ["4.15.9", "5.0.0"] },
  { range: "^7.2.0", holds: ["7.2.0", "7.99.0"], not: ["7.1.9", "8.0.0"] },
  { range: "^0.2.3", holds: ["0.2.3", "0.2.9"], not: ["0.3.0", "0.2.2"] },
  { range: "~1.2.3", holds: ["1.2.3", "1.2.9"], not: ["1.3.0"] },
  { range: "~1", holds: ["1.0.0", "1.9.0"], not: ["2.0.0"] },
  { range: "4", holds: ["4.0.0", "4.9.9"], not: ["5.0.0", "3.9.9"] },
  { range: "4.x || 6.*", holds: ["4.1.0", "6.0.0"], not: ["5.0.0", "7.0.0"] },
  { range: "=1.2.3", holds: ["1.2.3"], not: ["1.2.4"] },
  { range: ">1.2", holds: ["1.3.0"], not: ["1.2.9"] },
  { range: ">1.2.3", holds: ["1.2.4"], not: ["1.2.3"] },
  { range: "<=1.2", holds: ["1.2.9", "1.0.0"], not: ["1.3.0"] },
  { range: "*", holds: ["0.0.1", "99.0.0"], not: [] },
  { range: "", holds: ["1.0.0"], not: [] },
  { range: ">=5 <6", holds: ["5.0.0-beta.3", "5.1.0+build.7"], not: ["6.0.0-rc.1"] },
  { range: "latest", holds: [], not: ["1.0.0"] },
  { range: ">=1 <2", holds: [], not: ["1", "1.x", "", "one", "1.2.3.4"] },
];

describe("A range of versions", () => {
  for (const { range, holds, not } of ranges) {
    it(`"${range}" holds ${holds.join(", ") || "nothing"} and not ${not.join(", ")}`, () => {
      for (const version of holds) assert.ok(satisfies(version, range), version);
      for (const version of not) assert.ok(!satisfies(version, range), version);
    });
  }
});
