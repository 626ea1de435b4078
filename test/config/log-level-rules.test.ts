import assert from "node:assert/strict";
import { parseLogLevelRules } from "../../src/config/log-level-rules.ts";
import type { ValueIssue } from "../../src/config/issue.ts";

const rows = [
  { text: "debug", rules: [{ name: "*", level: "debug" }], wrong: [] },
  {
    text: " api = WARN ,, *=none",
    rules: [
      { name: "api", level: "warn" },
      { name: "*", level: "none" },
    ],
    wrong: [],
  },
  { text: "api.cache.*=trace", rules: [{ name: "api.cache", level: "trace" }], wrong: [] },
  { text: "@shop/api:v1=info", rules: [{ name: "@shop/api:v1", level: "info" }], wrong: [] },
  { text: "api=loud,jobs=debug", rules: [{ name: "jobs", level: "debug" }], wrong: ['"api=loud"'] },
  { text: "a b=info,=info", rules: undefined, wrong: ['"a b=info"', '"=info"'] },
  { text: "api=debug=info", rules: undefined, wrong: ['"api=debug=info"'] },
  { text: ".api=info", rules: undefined, wrong: ['".api=info"'] },
] as const;

describe("A list of the levels of loggers", () => {
  for (const { text, rules, wrong } of rows) {
    it(`is read from ${JSON.stringify(text)}`, () => {
      const issues: ValueIssue[] = [];
      assert.deepEqual(
        parseLogLevelRules(text, (issue) => issues.push(issue)),
        rules,
      );
      assert.deepEqual(
        issues.map(({ received }) => received),
        wrong,
      );
    });
  }
});
