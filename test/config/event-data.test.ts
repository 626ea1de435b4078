import assert from "node:assert/strict";
import type { ValueIssue } from "../../src/config/issue.ts";
import { parseUserFields } from "../../src/config/event-data.ts";

const rows: readonly (readonly [
  names: readonly string[],
  fields: readonly string[],
  issues: number,
])[] = [
  [["id"], ["id"], 0],
  [["id", "email", "id"], ["id", "email"], 0],
  [["none"], [], 0],
  [["id", "user name"], ["id"], 1],
  [["profile.email"], [], 1],
  [["__proto__"], [], 1],
  [["id", "password", "apiKey", "resetToken"], ["id"], 3],
  [["x".repeat(100)], [], 1],
];

describe("The fields of a user", () => {
  for (const [names, fields, issueCount] of rows) {
    it(`are read from ${names.join(",").slice(0, 40)}`, () => {
      const issues: ValueIssue[] = [];
      assert.deepEqual(
        parseUserFields(names, (issue) => issues.push(issue)),
        fields,
      );
      assert.equal(issues.length, issueCount);
    });
  }
});
