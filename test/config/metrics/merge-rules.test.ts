import assert from "node:assert/strict";
import type { ValueIssue } from "../../../src/config/issue.ts";
import { parseMetricMergeRules } from "../../../src/config/metrics/merge-rules.ts";

const rows = [
  { text: "a=sum", rules: [{ pattern: "a", rule: "sum" }], wrong: [] },
  {
    text: " cache.* = MAX ,, *=separate",
    rules: [
      { pattern: "cache.*", rule: "max" },
      { pattern: "*", rule: "separate" },
    ],
    wrong: [],
  },
  { text: "a=mean,b=min", rules: [{ pattern: "b", rule: "min" }], wrong: ['"a=mean"'] },
  { text: "a,=sum,1=sum", rules: undefined, wrong: ['"a"', '"=sum"', '"1=sum"'] },
  { text: "a.*.b=sum", rules: undefined, wrong: ['"a.*.b=sum"'] },
] as const;

describe("A list of rules for merging metrics", () => {
  for (const { text, rules, wrong } of rows) {
    it(`is read from ${JSON.stringify(text)}`, () => {
      const issues: ValueIssue[] = [];
      assert.deepEqual(
        parseMetricMergeRules(text, (issue) => issues.push(issue)),
        rules,
      );
      assert.deepEqual(
        issues.map(({ received }) => received),
        wrong,
      );
    });
  }
});
