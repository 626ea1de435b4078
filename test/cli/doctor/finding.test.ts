import assert from "node:assert/strict";
import { findingRows, type FindingRow, symptoms } from "../../../src/cli/doctor/finding-rows.ts";
import { createFinding, isProblem, sortFindings } from "../../../src/cli/doctor/finding.ts";

describe("A finding", () => {
  it("has the values in its message and its remedy", () => {
    assert.deepEqual(
      createFinding("variable-misspelt", { variable: "OTEL_X", suggestion: "OTEL_Y" }),
      {
        id: "variable-misspelt",
        severity: "warning",
        message: "OTEL_X is not known, so it has no effect",
        remedy: "Rename it to OTEL_Y",
      },
    );
  });

  it("is no problem if it is only information", () => {
    assert.equal(isProblem(createFinding("traces-off", { value: "none" })), false);
    assert.equal(isProblem(createFinding("disabled")), true);
  });

  it("comes once, and after more severe ones", () => {
    const off = createFinding("logs-off", { value: "none" });
    const disabled = createFinding("disabled");
    const lost = createFinding("preload-lost");
    assert.deepEqual(sortFindings([off, disabled, lost, disabled]), [lost, disabled, off]);
  });

  for (const [id, row] of Object.entries<FindingRow>(findingRows)) {
    it(`is one sentence each, and belongs to a symptom: ${id}`, () => {
      assert.ok(row.symptom in symptoms);
      for (const text of [row.message, row.remedy]) assert.doesNotMatch(text, /\.$|\n|^$/);
      assert.match(row.remedy, /^[A-Z\w]/);
    });
  }
});
